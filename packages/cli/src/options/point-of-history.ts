// The options for a point of history, and the check that the log has reached it.
import type { Command } from 'commander'
import type { EventStore, Position, StreamName, ValidTime, Version } from 'indelible'
import type { AsOf, StateAsOf } from 'indelible/history'
import { CliError } from '../errors/index.ts'
import { time, wholeNumber } from './arguments.ts'

export interface PointOptions {
  readonly version?: Version
  readonly position?: Position
  readonly recordedAt?: ValidTime
  readonly validAt?: ValidTime
}

export function addPoints(command: Command): Command {
  return command
    .option('--version <version>', 'after this many of its own events', wholeNumber('--version', 'a version', 1))
    .option('--position <position>', 'at this position of the log', wholeNumber('--position', 'a position', 1))
    .option('--recorded-at <time>', 'as it was recorded at that time', time('--recorded-at'))
    .option('--valid-at <time>', 'as it was true at that time, including events recorded later', time('--valid-at'))
}

export function pointOf({ version, position, recordedAt, validAt }: PointOptions): AsOf | undefined {
  const points: AsOf[] = []
  if (version !== undefined) points.push({ version })
  if (position !== undefined) points.push({ position })
  if (recordedAt !== undefined) points.push({ recordedAt })
  if (validAt !== undefined) points.push({ validAt })
  if (points.length <= 1) return points[0]
  throw new CliError('usage', 'Give only one point of history: --version, --position, --recorded-at or --valid-at.')
}

/** Throws if history has not reached the point. Otherwise the answer would be the state at another point. */
export async function assertReached(
  store: EventStore,
  stream: StreamName,
  { asOf, result: { version } }: { asOf: AsOf | undefined; result: StateAsOf<unknown> },
): Promise<void> {
  const first = (await Array.fromAsync(store.read([{ streams: [stream] }], { limit: 1 })))[0]?.events[0]
  if (!first) throw new CliError('aggregate_missing', `The log has no event of "${stream}".`, { details: { stream } })
  const missing = (message: string) => new CliError('point_missing', message, { details: { stream } })
  if (version === 0) {
    throw missing(
      `"${stream}" had no event at that time. Its first event is at position ${first.position}, recorded ${first.recordedAt}.`,
    )
  }
  if (asOf && 'version' in asOf && version < asOf.version) {
    throw missing(`"${stream}" has no version ${asOf.version} yet. Its last version is ${version}.`)
  }
  if (asOf && 'position' in asOf) {
    const head = await store.head()
    if (head.position < asOf.position)
      throw missing(`The log has no position ${asOf.position} yet. Its last position is ${head.position}.`)
  }
}
