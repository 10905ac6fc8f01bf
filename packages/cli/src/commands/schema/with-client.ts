// The client that the options choose.
import { type ClientOptions, serverOf } from '../../options/index.ts'
import { openDirectSchemas, type SchemaClient, schemasByServer } from '../../schemas/index.ts'
import type { Session } from '../../session.ts'

export async function withSchemaClient<Result>(
  options: ClientOptions,
  session: Session,
  work: (client: SchemaClient) => Promise<Result>,
): Promise<Result> {
  const server = serverOf(options)
  const client = server ? schemasByServer(server, session) : await openDirectSchemas(options, session)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}
