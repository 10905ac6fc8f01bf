// A batch on its way: rounds as the parameter of the function that writes them, and its answer as the outcome of each commit.
import type { AppendOutcome, Conflict, Instant, Position, RecordedEvent, StreamName, Version } from 'indelible'
import {
  categoryOf,
  type EncodedCommit,
  jsonContentType,
  lastVersions,
  type Payload,
  readUuid,
  recordedEvent,
  utf8,
} from 'indelible/adapter'
import type { BinaryWriter, ElementType } from './binary.ts'
import type { Round, RoundStream } from './rounds.ts'
import type { Written } from './tail.ts'
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
  { commits, streams, eventStreams, eventNths, eventIds }: Round,
  { logId, kindOf }: BatchNames,
): void {
  const commands = { commit: [] as number[], event: [] as number[], id: [] as string[] }
  const conditions = { commit: [] as number[], after: [] as number[], query: [] as (string | null)[] }
  const events = {
    commit: [] as number[],
    kind: [] as number[],
    schemaVersion: [] as number[],
    data: [] as Payload[],
    metadata: [] as Payload[],
    contentType: [] as (string | null)[],
    validAt: [] as (string | null)[],
    tags: [] as (string | null)[],
  }
  const terms = { commit: [] as number[], event: [] as number[], kind: [] as number[], term: [] as Uint8Array[] }

  for (let number = 1; number <= commits.length; number++) {
    const { events: own, commandId, condition } = commits[number - 1]!
    if (commandId !== undefined) {
      commands.commit.push(number)
      commands.event.push(events.commit.length + 1)
      commands.id.push(commandId)
    }
    if (condition) {
      conditions.commit.push(number)
      conditions.after.push(condition.after ?? 0)
      conditions.query.push(queryJson(logId, condition.failIfEventsMatch))
    }
    for (const event of own) {
      const kind = kindOf(categoryOf(event.stream), event.type)
      const { tags, correlationId, contentType } = event
      events.commit.push(number)
      events.kind.push(kind)
      events.schemaVersion.push(event.schemaVersion)
      events.data.push(event.data)
      events.metadata.push(event.metadata)
      events.contentType.push(contentType === jsonContentType ? null : contentType)
      events.validAt.push(event.validAt ?? null)
      events.tags.push(tags.length === 0 ? null : textArray(tags))
      const addTerm = (term: Uint8Array) => {
        terms.commit.push(number)
        terms.event.push(events.commit.length)
        terms.kind.push(kind)
        terms.term.push(term)
      }
      for (const tag of tags.length > 1 ? new Set(tags) : tags) addTerm(termOf(logId, 'tag', tag))
      if (correlationId !== undefined) addTerm(termOf(logId, 'correlation', correlationId))
    }
  }

  type Fields = readonly (readonly [ElementType, readonly unknown[] | undefined])[]
  const someOf = <Value>(values: readonly Value[]) => (values.length === 0 ? undefined : values)
  const unlessNull = <Value>(values: readonly Value[]) => (values.every((value) => value === null) ? undefined : values)
  const isUnchecked = streams.every(({ wanted }) => wanted === undefined)
  const fields: Fields = [
    ['int4', commits.map(({ events }) => events.length)],
    ['int4', someOf(commands.commit)],
    ['int4', someOf(commands.event)],
    ['text', someOf(commands.id)],
    ['int4', streams.map(({ commit }) => commit)],
    ['text', streams.map(({ name }) => name)],
    ['int8', isUnchecked ? undefined : streams.map(wantedNumber)],
    ['int4', streams.map(({ events }) => events)],
    ['int4', someOf(conditions.commit)],
    ['int8', someOf(conditions.after)],
    ['text', someOf(conditions.query)],
    ['int4', events.commit],
    ['int4', eventStreams.map((index) => index + 1)],
    ['int4', eventNths],
    ['int4', events.kind],
    ['int4', events.schemaVersion],
    ['uuid', eventIds],
    ['bytea', events.data],
    ['bytea', events.metadata],
    ['text', unlessNull(events.contentType)],
    ['text', unlessNull(events.validAt)],
    ['text', unlessNull(events.tags)],
    ['int4', someOf(terms.commit)],
    ['int4', someOf(terms.event)],
    ['int4', someOf(terms.kind)],
    ['uuid', someOf(terms.term)],
  ]
  writer.int32(fields.length)
  for (const [type, values] of fields) writer.arrayField(type, values as never)
}

function wantedNumber({ wanted }: RoundStream): number {
  if (wanted === undefined || wanted === 'any') return noExpectation
  return wanted === 'none' ? 0 : wanted === 'exists' ? mustExist : wanted
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

/** The outcome of each commit. */
export function outcomesOf(
  rounds: readonly Round[],
  answer: BatchAnswer,
): ReadonlyMap<EncodedCommit, AppendOutcome | Earlier> {
  const outcomes = new Map<EncodedCommit, AppendOutcome | Earlier>()
  const { recordedAt } = answer
  for (const { commit, round, failure, firstPosition, versionOf } of placesOf(rounds, answer)) {
    if (failure) outcomes.set(commit, outcomeOfFailure(failure, round))
    else {
      const lastPosition = firstPosition + commit.events.length - 1
      const versions = lastVersions(commit.events, versionOf)
      outcomes.set(commit, { status: 'written', firstPosition, lastPosition, versions, recordedAt })
    }
  }
  return outcomes
}

/** The events that a batch added to the log, as readers get them. */
export function writtenBy(rounds: readonly Round[], answer: BatchAnswer): Written {
  const events: RecordedEvent[] = []
  for (const { commit, round, failure, firstEvent, firstPosition, versionOf } of placesOf(rounds, answer)) {
    if (failure) continue
    commit.events.forEach(({ data, metadata, correlationId: _, ...event }, index) => {
      const recorded = recordedEvent({
        ...event,
        id: readUuid(round.eventIds[firstEvent + index]!, 0),
        dataBytes: bytesOf(data),
        metadataBytes: bytesOf(metadata),
        version: versionOf(index),
        position: firstPosition + index,
        recordedAt: answer.recordedAt,
      })
      events.push(recorded)
    })
  }
  return { after: answer.head, events }
}

interface Place {
  readonly commit: EncodedCommit
  readonly round: Round
  /** Of its first event, the index in its round. */
  readonly firstEvent: number
  readonly failure: Failure | undefined
  /** If it was written. */
  readonly firstPosition: Position
  /** Of an event of the commit, by its index there. */
  readonly versionOf: (index: number) => Version
}

function* placesOf(
  rounds: readonly Round[],
  { head, versions, failures }: Pick<BatchAnswer, 'head' | 'versions' | 'failures'>,
): Generator<Place> {
  const failed = new Map(failures.map((failure) => [`${failure[0]} ${failure[1]}`, failure]))
  let firstPosition = head + 1
  let firstStream = 0
  for (const [roundIndex, round] of rounds.entries()) {
    const { commits, streams, eventStreams, eventNths } = round
    const before = firstStream
    let firstEvent = 0
    for (const [index, commit] of commits.entries()) {
      const failure = failed.size === 0 ? undefined : failed.get(`${roundIndex + 1} ${index + 1}`)
      const first = firstEvent
      const versionOf = (at: number) => versions[before + eventStreams[first + at]!]! + eventNths[first + at]!
      yield { commit, round, firstEvent, failure, firstPosition, versionOf }
      firstEvent += commit.events.length
      if (!failure) firstPosition += commit.events.length
    }
    firstStream += streams.length
  }
}

function bytesOf(payload: Payload): Uint8Array {
  return typeof payload === 'string' ? utf8(payload) : payload
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
