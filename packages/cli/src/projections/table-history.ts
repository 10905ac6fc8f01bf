// Checks whether the read tables were built from the history of the log. After a restore of an older log they may be newer than the log.
import { isIndelibleError } from 'indelible'
import { CliError } from '../errors/index.ts'
import { type CommonOptions, systemOf } from '../options/index.ts'
import type { Session } from '../session.ts'
import { openDirectClient } from './direct-client.ts'

export interface TableHistory {
  /** The read tables that exist. */
  readonly checked: readonly string[]
  readonly diverged: readonly string[]
  /** Why they could not be checked, for example because a server has them open. */
  readonly problem?: string
}

/** Undefined if there is no config that opens the tables. With `--data` alone no config is read. */
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
    `${which} built from another history than that of this log. The log was restored from an older copy, or it is another log. ` +
    `A process that runs the system rebuilds them, or run: indelible projections rebuild ${names[0]}`
  return new CliError('tables_diverged', message, { details: { diverged: names } })
}
