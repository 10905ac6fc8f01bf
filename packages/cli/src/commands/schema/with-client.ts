// The client that the options choose.
import { openDirectSchemas, type SchemaClient, schemasByServer } from '../../schemas/index.ts'
import type { Session } from '../../session.ts'
import { type ClientOptions, checkedUrl } from '../sagas/client-options.ts'

export async function withSchemaClient<Result>(
  options: ClientOptions,
  session: Session,
  work: (client: SchemaClient) => Promise<Result>,
): Promise<Result> {
  const { url } = options
  const client = url ? schemasByServer(checkedUrl(url, options), session) : await openDirectSchemas(options, session)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}
