// A batch on its way: rounds as the parameter of the function that writes them, and its answer as the outcome of each commit.
import type { AppendOutcome, Conflict, Instant, Position, StreamName, Version } from 'indelible'
import {
  categoryOf,
  type EncodedCommit,
  jsonContentType,
  lastVersions,
  systemIdWriter,
  uuidBytes,
  writeUuid,
} from 'indelible/adapter'
import type { BinaryWriter, ElementType } from './binary.ts'
import type { Round, RoundStream } from './rounds.ts'
import { queryJson, termOf } from './terms.ts'

export interface BatchNames {
  readonly logId: string
  /** The number of the composite type of a round in this database. */
  readonly roundOid: number
  readonly kindOf: (category: string, type: string) => number
}

/** Rounds in the binary format of the database, in the memory of the writer. */
export function encodedRounds(writer: BinaryWriter, rounds: readonly Round[], names: BatchNames): Buffer {
  writer.clear()
  writer.arrayOf(names.roundOid, rounds, (round) => writeRound(writer, round, names))
  return writer.bytes
}

const noExpectation = -2
const mustExist = -1

function writeRound(
  writer: BinaryWriter,
  { commits, streams, eventStreams, eventNths }: Round,
  names: BatchNames,
): void {
  const { logId } = names
  const numbered = commits.map((commit, index) => ({ ...commit, number: index + 1 }))
  let event = 0
  const firstEvents = commits.map(({ events }) => {
    event += events.length
    return event - events.length + 1
  })
  const commands = numbered.filter(({ commandId }) => commandId !== undefined)
  const conditions = numbered.filter(({ condition }) => condition !== undefined)
  const events = numbered.flatMap(({ events, number }) =>
    events.map((event) => ({ ...event, commit: number, kind: names.kindOf(categoryOf(event.stream), event.type) })),
  )
  const terms = events.flatMap(({ commit, kind, tags, correlationId }, index) => [
    ...[...new Set(tags)].map((tag) => ({ commit, kind, event: index + 1, term: termOf(logId, 'tag', tag) })),
    ...(correlationId === undefined
      ? []
      : [{ commit, kind, event: index + 1, term: termOf(logId, 'correlation', correlationId) }]),
  ])
  const ids = eventIds(events)

  type Fields = readonly (readonly [ElementType, readonly unknown[] | undefined])[]
  const unless = <Value>(isMissing: boolean, values: readonly Value[]) => (isMissing ? undefined : values)
  const someOf = <Value>(values: readonly Value[]) => unless(values.length === 0, values)
  const fields: Fields = [
    ['int4', commits.map(({ events }) => events.length)],
    ['int4', someOf(commands.map(({ number }) => number))],
    ['int4', someOf(commands.map(({ number }) => firstEvents[number - 1]!))],
    ['text', someOf(commands.map(({ commandId }) => commandId!))],
    ['int4', streams.map(({ commit }) => commit)],
    ['text', streams.map(({ name }) => name)],
    [
      'int8',
      unless(
        streams.every(({ wanted }) => wanted === undefined),
        streams.map(wantedNumber),
      ),
    ],
    ['int4', streams.map(({ events }) => events)],
    ['int4', someOf(conditions.map(({ number }) => number))],
    ['int8', someOf(conditions.map(({ condition }) => condition!.after ?? 0))],
    ['text', someOf(conditions.map(({ condition }) => queryJson(logId, condition!.failIfEventsMatch)))],
    ['int4', events.map(({ commit }) => commit)],
    ['int4', eventStreams.map((index) => index + 1)],
    ['int4', eventNths],
    ['int4', events.map(({ kind }) => kind)],
    ['int4', events.map(({ schemaVersion }) => schemaVersion)],
    ['uuid', ids],
    ['bytea', events.map(({ data }) => data)],
    ['bytea', events.map(({ metadata }) => metadata)],
    [
      'text',
      unless(
        events.every(({ contentType }) => contentType === jsonContentType),
        events.map(({ contentType }) => (contentType === jsonContentType ? null : contentType)),
      ),
    ],
    [
      'text',
      unless(
        events.every(({ validAt }) => validAt === undefined),
        events.map(({ validAt }) => validAt ?? null),
      ),
    ],
    [
      'text',
      unless(
        events.every(({ tags }) => tags.length === 0),
        events.map(({ tags }) => (tags.length === 0 ? null : textArray(tags))),
      ),
    ],
    ['int4', someOf(terms.map(({ commit }) => commit))],
    ['int4', someOf(terms.map(({ event }) => event))],
    ['int4', someOf(terms.map(({ kind }) => kind))],
    ['uuid', someOf(terms.map(({ term }) => term))],
  ]
  writer.int32(fields.length)
  for (const [type, values] of fields) writer.arrayField(type, values as never)
}

function wantedNumber({ wanted }: RoundStream): number {
  if (wanted === undefined || wanted === 'any') return noExpectation
  return wanted === 'none' ? 0 : wanted === 'exists' ? mustExist : wanted
}

function eventIds(events: readonly { readonly id: string | undefined }[]): Uint8Array[] {
  const all = new Uint8Array(uuidBytes * events.length)
  const now = Date.now()
  return events.map(({ id }, index) => {
    const at = uuidBytes * index
    if (id === undefined) systemIdWriter(all, at, now)
    else writeUuid(id, all, at)
    return all.subarray(at, at + uuidBytes)
  })
}

/** An array as Postgres reads it from text. */
export function textArray(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`
}

/** What the database said of a batch. */
export interface BatchAnswer {
  /** The head of the log before it. */
  readonly head: Position
  readonly recordedAt: Instant
  /** The version of each stream of each round before it, in that order. */
  readonly versions: readonly Version[]
  readonly failures: readonly Failure[]
  /** What it survives; missing where the first answer was lost. */
  readonly durability?: number
}

/** The number of its round, its number in the round, and why. */
export type Failure =
  | readonly [number, number, 'command', Position, number]
  | readonly [number, number, 'version', number, Version]
  | readonly [number, number, 'condition', Position]

/** The head of the log after a batch. */
export function headAfter(rounds: readonly Round[], { head, failures }: BatchAnswer): Position {
  const all = rounds.reduce((sum, { eventStreams }) => sum + eventStreams.length, 0)
  return failures.reduce(
    (sum, [round, commit]) => sum - rounds[round - 1]!.commits[commit - 1]!.events.length,
    head + all,
  )
}

/** A commit whose command id was used before: where that commit is. */
export interface Earlier {
  readonly status: 'earlier'
  readonly firstPosition: Position
  readonly events: number
}

/** The outcome of each commit, and the head after the batch. */
export function outcomesOf(
  rounds: readonly Round[],
  { head, recordedAt, versions, failures }: BatchAnswer,
): { readonly outcomes: ReadonlyMap<EncodedCommit, AppendOutcome | Earlier>; readonly head: Position } {
  const outcomes = new Map<EncodedCommit, AppendOutcome | Earlier>()
  const failed = new Map(failures.map((failure) => [`${failure[0]} ${failure[1]}`, failure]))
  let position = head
  let firstStream = 0
  rounds.forEach((round, roundIndex) => {
    let event = 0
    round.commits.forEach((commit, index) => {
      const failure = failed.size === 0 ? undefined : failed.get(`${roundIndex + 1} ${index + 1}`)
      const { length } = commit.events
      if (failure) outcomes.set(commit, outcomeOfFailure(failure, round))
      else {
        const firstEvent = event
        const versionOf = (at: number) =>
          versions[firstStream + round.eventStreams[firstEvent + at]!]! + round.eventNths[firstEvent + at]!
        const place = { firstPosition: position + 1, lastPosition: position + length }
        outcomes.set(commit, {
          status: 'written',
          ...place,
          versions: lastVersions(commit.events, versionOf),
          recordedAt,
        })
        position += length
      }
      event += length
    })
    firstStream += round.streams.length
  })
  return { outcomes, head: position }
}

function outcomeOfFailure(failure: Failure, { streams }: Round): AppendOutcome | Earlier {
  const [, , why, at] = failure
  if (why === 'command') return { status: 'earlier', firstPosition: at, events: failure[4]! }
  if (why === 'condition') return { status: 'conflict', conflict: { cause: 'condition', matchedPosition: at } }
  const { name, wanted } = streams[at - 1]!
  return { status: 'conflict', conflict: versionConflict(name, wanted!, failure[4]!) }
}

function versionConflict(stream: StreamName, expected: NonNullable<RoundStream['wanted']>, actual: Version): Conflict {
  return { cause: 'version', stream, expected, actual }
}
