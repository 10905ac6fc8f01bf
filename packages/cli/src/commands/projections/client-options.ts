// What the commands for projections have in common: they choose a client by their options, and close it at the end.
import type { Command } from 'commander'
import { CliError } from '../../errors/index.ts'
import { addCommonOptions, address, type CommonOptions } from '../../options/index.ts'
import { httpClient, openDirectClient, type ProjectionClient } from '../../projections/index.ts'
import type { Session } from '../../session.ts'

export interface ClientOptions extends CommonOptions {
  readonly url?: URL
}

export function addClientOptions(command: Command): Command {
  command.option('--url <url>', 'ask a running server, such as http://127.0.0.1:3000', address('--url'))
  return addCommonOptions(command)
}

export async function withProjectionClient<Result>(
  options: ClientOptions,
  session: Session,
  work: (client: ProjectionClient) => Promise<Result>,
): Promise<Result> {
  const { url, data, config } = options
  if (url && (data !== undefined || config !== undefined)) {
    throw new CliError('usage', 'A server has its own log and config. Give --url without --data and --config.')
  }
  const client = url ? httpClient(url, session) : await openDirectClient(options, session)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

export const nameArgument = ['<name>', 'the name of the projection and of its table'] as const
