// What the commands for projections have in common: they choose a client by their options, and close it at the end.
import { type ClientOptions, serverOf } from '../../options/index.ts'
import { httpClient, openDirectClient, type ProjectionClient } from '../../projections/index.ts'
import type { Session } from '../../session.ts'

export async function withProjectionClient<Result>(
  options: ClientOptions,
  session: Session,
  work: (client: ProjectionClient) => Promise<Result>,
): Promise<Result> {
  const server = serverOf(options)
  const client = server ? httpClient(server, session) : await openDirectClient(options, session)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

export const nameArgument = ['<name>', 'the name of the projection and of its table'] as const
