// Divides a batch of commits into rounds. The commits of a round cannot meet each other: the database checks them all at once, and then writes them all at once.
import type { Query, StreamName } from 'indelible'
import {
  categoryOf,
  type EncodedCommit,
  isReserved,
  reservedCategory,
  systemIdWriter,
  uuidBytes,
  writeUuid,
} from 'indelible/adapter'

export interface RoundStream {
  readonly name: StreamName
  /** The number of the commit in its round, from 1; 0 if several commits share the stream, none of which can fail. */
  readonly commit: number
  /** As in the port; nothing if it is not checked. */
  readonly wanted: EncodedCommit['expected'][number]['wanted'] | undefined
  /** The events that it gets. */
  events: number
}

export interface Round {
  readonly commits: EncodedCommit[]
  readonly streams: RoundStream[]
  /** Of each event of all commits, the index of its stream. */
  readonly eventStreams: number[]
  /** Of each event, its number among those that its stream gets in this round, from 1. */
  readonly eventNths: number[]
  /** Of each event, its id, so that it is the same however often the round is sent. */
  readonly eventIds: Uint8Array[]
}

export function inRounds(commits: readonly EncodedCommit[]): Round[] {
  const rounds: OpenRound[] = []
  const plan = { writers: new Map<StreamName, Writer>(), commands: new Map<string, number>() }
  for (const commit of commits) {
    const at = earliest(commit, rounds, plan)
    if (at === rounds.length) rounds.push(new OpenRound())
    rounds[at]!.add(commit)
    if (commit.commandId !== undefined) plan.commands.set(commit.commandId, at)
    for (const { stream } of commit.events) {
      const before = plan.writers.get(stream)
      if (before?.round !== at) plan.writers.set(stream, { round: at, canFail: canFail(commit) })
    }
  }
  return rounds
}

/** The last round that writes to a stream. */
interface Writer {
  readonly round: number
  readonly canFail: boolean
}

interface Plan {
  readonly writers: ReadonlyMap<StreamName, Writer>
  readonly commands: ReadonlyMap<string, number>
}

/** The first round in which a commit meets nobody of it or of a later one. */
function earliest(commit: EncodedCommit, rounds: readonly OpenRound[], { writers, commands }: Plan): number {
  if (rounds.length === 0) return 0
  const mayFail = canFail(commit)
  let at = 0
  const behind = (round: number) => {
    at = Math.max(at, round + 1)
  }
  const meet = (stream: StreamName) => {
    const writer = writers.get(stream)
    if (writer === undefined) return
    if (mayFail || writer.canFail) behind(writer.round)
    else at = Math.max(at, writer.round)
  }
  for (const { stream } of commit.events) meet(stream)
  for (const { stream, wanted } of commit.expected) if (wanted !== 'any') meet(stream)
  const same = commit.commandId === undefined ? undefined : commands.get(commit.commandId)
  if (same !== undefined) behind(same)
  if (commit.condition) {
    const { failIfEventsMatch } = commit.condition
    for (let round = rounds.length - 1; round >= at; round--) {
      if (rounds[round]!.mayMatch(failIfEventsMatch)) behind(round)
    }
  }
  return at
}

function canFail({ expected, condition, commandId }: EncodedCommit): boolean {
  return condition !== undefined || commandId !== undefined || expected.some(({ wanted }) => wanted !== 'any')
}

class OpenRound implements Round {
  readonly commits: EncodedCommit[] = []
  readonly streams: RoundStream[] = []
  readonly eventStreams: number[] = []
  readonly eventNths: number[] = []
  readonly eventIds: Uint8Array[] = []
  /** The index of each stream that gets events. */
  readonly #written = new Map<StreamName, number>()
  /** What the events here have, for conditions. */
  readonly #names = {
    streams: this.#written,
    categories: new Set<string>(),
    types: new Set<string>(),
    tags: new Set<string>(),
    correlationIds: new Set<string>(),
  }

  add(commit: EncodedCommit): void {
    this.commits.push(commit)
    const number = this.commits.length
    const own = new Map<StreamName, number>()
    for (const { stream, wanted } of commit.expected) {
      if (wanted !== 'any') own.set(stream, this.streams.push({ name: stream, commit: number, wanted, events: 0 }) - 1)
    }
    const shares = !canFail(commit)
    for (const { id, stream, type, tags, correlationId } of commit.events) {
      let index = shares ? this.#written.get(stream) : own.get(stream)
      index ??= this.streams.push({ name: stream, commit: shares ? 0 : number, wanted: undefined, events: 0 }) - 1
      own.set(stream, index)
      this.#written.set(stream, index)
      this.eventStreams.push(index)
      this.eventNths.push(++this.streams[index]!.events)
      this.eventIds.push(idBytes(id))
      this.#names.categories.add(categoryOf(stream))
      if (isReserved(stream)) this.#names.categories.add(reservedCategory)
      this.#names.types.add(type)
      for (const tag of tags) this.#names.tags.add(tag)
      if (correlationId !== undefined) this.#names.correlationIds.add(correlationId)
    }
  }

  /** Whether an event here may match. May be wrong in saying yes. */
  mayMatch(query: Query): boolean {
    if (query === 'all') return this.commits.length > 0
    const { streams, categories, types, tags, correlationIds } = this.#names
    return query.some(
      (item) =>
        (item.streams?.some((each) => streams.has(each)) ?? true) &&
        (item.categories?.some((each) => categories.has(each)) ?? true) &&
        (item.types?.some((each) => types.has(each)) ?? true) &&
        (item.tags?.every((each) => tags.has(each)) ?? true) &&
        (item.correlationIds?.some((each) => correlationIds.has(each)) ?? true),
    )
  }
}

/** A new one if there is none. */
export function idBytes(id: string | undefined): Uint8Array {
  const bytes = new Uint8Array(uuidBytes)
  if (id === undefined) systemIdWriter(bytes, 0, Date.now())
  else writeUuid(id, bytes, 0)
  return bytes
}
