// Whether the read tables were made from the history of the log: after a log was put back from an older copy they may not be.
import { isIndelibleError } from 'indelible'
import { CliError } from '../errors/index.ts'
import { type CommonOptions, systemOf } from '../options/index.ts'
import type { Session } from '../session.ts'
import { openDirectClient } from './direct-client.ts'

export interface TableHistory {
  /** Those that are there. */
  readonly checked: readonly string[]
  readonly diverged: readonly string[]
  /** Why they could not be looked at, as where a server has them open. */
  readonly problem?: string
}

/** Nothing where no config says where the tables are: with `--data` alone none is read. */
export async function checkTableHistory(options: CommonOptions, session: Session): Promise<TableHistory | undefined> {
  if (options.data !== undefined && options.config === undefined) return undefined
  const { system } = await systemOf(options, session)
  if (system.projections.length === 0) return undefined
  try {
    const client = await openDirectClient(options, session)
    const shown = await client.list().finally(client.close)
    const there = shown.filter(({ state }) => state !== 'missing')
    const diverged = there.filter(({ state }) => state === 'diverged')
    return { checked: there.map(({ name }) => name), diverged: diverged.map(({ name }) => name) }
  } catch (error) {
    if (!isIndelibleError(error, 'tables_unavailable')) throw error
    return { checked: [], diverged: [], problem: error.message }
  }
}

export function divergedError(names: readonly string[]): CliError {
  const which = names.length === 1 ? `Read table ${names[0]} was` : `Read tables ${names.join(', ')} were`
  const message =
    `${which} made from another history than that of this log, which was put back from an older copy or is another one. ` +
    `A process that runs the system builds them anew, or: indelible projections rebuild ${names[0]}`
  return new CliError('tables_diverged', message, { details: { diverged: names } })
}
