// The options for a point of history, and the check that the log has reached it.
import type { Command } from 'commander'
import {
  type EventStore,
  isIndelibleError,
  type Position,
  type StreamName,
  type ValidTime,
  type Version,
} from 'indelible'
import { type AsOf, pointOfText, type StateAsOf } from 'indelible/history'
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
    .option(
      '--valid-at <time>',
      'as it was true at that time; with --recorded-at: as it was known then',
      time('--valid-at'),
    )
}

export function pointOf({ version, position, recordedAt, validAt }: PointOptions): AsOf | undefined {
  const asked = Object.entries({ version, position, recordedAt, validAt }).filter(([, value]) => value !== undefined)
  const names = asked.map(([name]) => name)
  const isOne = names.length === 1 || (names.length === 2 && names.includes('validAt') && !names.includes('version'))
  if (names.length === 0 || isOne)
    return names.length === 0 ? undefined : (Object.fromEntries(asked) as unknown as AsOf)
  throw new CliError(
    'usage',
    'Give only one point of history: --version, --position, --recorded-at or --valid-at. --valid-at may stand beside --position or --recorded-at.',
  )
}

/** Parses a point of history in one text: `version:3`, `recorded:2026-02-15,valid:2026-01-31`. */
export function point(option: string): (text: string) => AsOf {
  return (text) => {
    try {
      return pointOfText(text)
    } catch (error) {
      throw isIndelibleError(error) ? new CliError('usage', `${option}: ${error.message}`) : error
    }
  }
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
