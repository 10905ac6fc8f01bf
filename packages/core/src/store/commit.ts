// What every store does with a commit before it writes it: checks its form, encodes its events, and looks for a conflict.
import { type EncodedEvent, encodeEvent, isLonger, payloadLength } from '../kernel/encoding.ts'
import { IndelibleError } from '../kernel/errors.ts'
import { commitBytesMax, commitEventsMax, nameBytesMax } from '../kernel/limits.ts'
import { type Position, type Version, version } from '../kernel/positions.ts'
import type { Stretch } from '../kernel/postings.ts'
import { checkQuery, type Query } from '../kernel/queries.ts'
import { checkReserved, refuseReserved, refuseReservedCommandId } from '../kernel/reserved.ts'
import { checkedStreamName, type StreamName } from '../kernel/streams.ts'
import type { AppendOptions, Commit, Conflict, ExpectedVersion } from './port.ts'

/** A commit that passed every check of its form. */
export interface EncodedCommit {
  readonly events: readonly EncodedEvent[]
  readonly expected: readonly ExpectedStream[]
  readonly condition: Commit['condition']
  readonly commandId: string | undefined
}

interface ExpectedStream {
  readonly stream: StreamName
  readonly wanted: ExpectedVersion
}

const nothingExpected: readonly ExpectedStream[] = []

/** Checks a commit and encodes its events. Throws what `EventStore.append` throws for bad input. */
export function encodeCommit(
  commit: Commit,
  { reserved = false }: Pick<AppendOptions, 'reserved'> = {},
): EncodedCommit {
  const { events, expected, condition, commandId } = commit
  if (events.length === 0) throw invalid('A commit needs at least one event.')
  if (events.length > commitEventsMax)
    throw invalid(`A commit has at most ${commitEventsMax} events, not ${events.length}.`)
  // Half a surrogate pair has no UTF-8, so it would not come back from a file as it was.
  if (commandId !== undefined && !(commandId !== '' && commandId.isWellFormed() && !isLonger(commandId, nameBytesMax)))
    throw invalid(`A command id is well-formed text of 1 to ${nameBytesMax} bytes.`)
  if (condition) checkQuery(condition.failIfEventsMatch)
  if (!reserved) refuseReservedCommandId(commandId)
  const encoded = events.map(encodeEvent)
  for (let at = 0; at < encoded.length; at++) {
    if (reserved) checkReserved(encoded[at]!)
    else refuseReserved(encoded[at]!)
  }
  let units = 0
  for (const { data, metadata } of encoded) units += data.length + metadata.length
  if (3 * units > commitBytesMax) checkBytes(encoded)
  return { events: encoded, expected: checkedVersions(expected), condition, commandId }
}

function checkedVersions(expected: Commit['expected']): readonly ExpectedStream[] {
  if (expected === undefined) return nothingExpected
  const checked: ExpectedStream[] = []
  for (const name in expected) {
    const stream = checkedStreamName(name)
    const wanted = expected[stream]!
    if (wanted !== 'any' && wanted !== 'none' && wanted !== 'exists') version(wanted)
    checked.push({ stream, wanted })
  }
  return checked
}

/** The state of a log with all accepted commits, durable or not. */
export interface Facts {
  /** The last position that is taken. */
  readonly head: Position
  versionOf(stream: StreamName): Version
  find(query: Query, stretch: Stretch): readonly Position[]
}

/** The conflict that a commit meets, if any. */
export function conflictOf({ expected, condition }: EncodedCommit, facts: Facts): Conflict | undefined {
  for (const { stream, wanted } of expected) {
    if (wanted === 'any') continue
    const actual = facts.versionOf(stream)
    const fits = wanted === 'none' ? actual === 0 : wanted === 'exists' ? actual > 0 : actual === wanted
    if (!fits) return { cause: 'version', stream, expected: wanted, actual }
  }
  return condition && conditionConflict(condition, facts)
}

function conditionConflict(
  { failIfEventsMatch, after = 0 }: NonNullable<Commit['condition']>,
  facts: Facts,
): Conflict | undefined {
  if (after >= facts.head) return undefined
  // The newest match decides, so look backwards for one.
  const [matchedPosition] = facts.find(failIfEventsMatch, { from: facts.head, to: after + 1, limit: 1 })
  return matchedPosition === undefined ? undefined : { cause: 'condition', matchedPosition }
}

function checkBytes(events: readonly EncodedEvent[]): void {
  const bytes = events.reduce((sum, { data, metadata }) => sum + payloadLength(data) + payloadLength(metadata), 0)
  if (bytes > commitBytesMax)
    throw invalid(`A commit has at most ${commitBytesMax} bytes of data and metadata, not ${bytes}.`)
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_commit', message)
}

/**
 * The last version of each stream of a commit. Without a prototype: an object with one costs as much as writing an event for each name that no
 * object had before.
 */
export function lastVersions(
  events: readonly { readonly stream: StreamName }[],
  versionOf: (index: number) => Version,
): Record<StreamName, Version> {
  const last = { __proto__: null } as unknown as Record<StreamName, Version>
  for (let index = 0; index < events.length; index++) last[events[index]!.stream] = versionOf(index)
  return last
}
