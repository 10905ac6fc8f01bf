// What the commands on projections have in common: which way they go, and that it is closed behind them.
import type { Command } from 'commander'
import { CliError } from '../../errors/errors.ts'
import { address } from '../../options/arguments.ts'
import { addCommonOptions, type CommonOptions } from '../../options/common-options.ts'
import { directDoor } from '../../projections/direct-client.ts'
import { httpDoor } from '../../projections/http-client.ts'
import type { ProjectionDoor } from '../../projections/projection-client.ts'
import type { Session } from '../../session.ts'

export interface DoorOptions extends CommonOptions {
  readonly url?: URL
}

export function addDoorOptions(command: Command): Command {
  command.option('--url <url>', 'ask a server that runs, such as http://127.0.0.1:3000', address('--url'))
  return addCommonOptions(command)
}

export async function withDoor<Result>(
  options: DoorOptions,
  session: Session,
  work: (door: ProjectionDoor) => Promise<Result>,
): Promise<Result> {
  const { url, data, config } = options
  if (url && (data !== undefined || config !== undefined)) {
    throw new CliError('usage', 'A server has its own log and config: give --url without --data and --config.')
  }
  const door = url ? httpDoor(url, session) : await directDoor(options, session)
  try {
    return await work(door)
  } finally {
    await door.close()
  }
}

export const nameArgument = ['<name>', 'the name of the projection, which is that of its table'] as const
