// What a store must know to check a commit: every stream's version, every command id, and which events match a query. Kept in memory, made from the log.
import { type EncodedEvent, encodeEvent } from '../kernel/encoding.ts'
import { IndelibleError } from '../kernel/errors.ts'
import { commitBytesMax, commitEventsMax, nameBytesMax } from '../kernel/limits.ts'
import { type Position, type Version, version } from '../kernel/positions.ts'
import { checkQuery, matcher, type Query, type Queryable, type QueryItem } from '../kernel/queries.ts'
import { categoryOf, checkedStreamName, type StreamName } from '../kernel/streams.ts'
import { utf8Length } from '../kernel/text.ts'
import type { AppendOutcome, Commit, Conflict, ExpectedVersion, WrittenCommit } from './port.ts'

/** Checks a commit and encodes its events. Throws what `EventStore.append` throws for bad input. */
export function encodeCommit(commit: Commit): readonly EncodedEvent[] {
  const { events, expected = {}, condition, commandId } = commit
  if (events.length === 0) throw invalid('A commit needs at least one event.')
  if (events.length > commitEventsMax)
    throw invalid(`A commit has at most ${commitEventsMax} events, not ${events.length}.`)
  // Half a surrogate pair has no UTF-8, so it would not come back from a file as it was.
  if (
    commandId !== undefined &&
    !(commandId !== '' && commandId.isWellFormed() && utf8Length(commandId) <= nameBytesMax)
  ) {
    throw invalid(`A command id is well-formed text of 1 to ${nameBytesMax} bytes.`)
  }
  for (const [stream, wanted] of Object.entries(expected)) {
    checkedStreamName(stream)
    if (wanted !== 'any' && wanted !== 'none' && wanted !== 'exists') version(wanted)
  }
  if (condition) checkQuery(condition.failIfEventsMatch)
  const encoded = events.map(encodeEvent)
  const bytes = encoded.reduce((sum, { dataBytes, metadataBytes }) => sum + dataBytes.length + metadataBytes.length, 0)
  if (bytes > commitBytesMax)
    throw invalid(`A commit has at most ${commitBytesMax} bytes of data and metadata, not ${bytes}.`)
  return encoded
}

export class Ledger {
  /** By position - 1. */
  readonly #events: Queryable[] = []
  /** From a term, such as `t:FundsWithdrawn`, to the ascending positions of its events. */
  readonly #postings = new Map<string, Position[]>()
  readonly #commits = new Map<string, WrittenCommit>()

  /** The last position taken, durable or not. */
  get head(): Position {
    return this.#events.length
  }

  versionOf(stream: StreamName): Version {
    return this.#postings.get(`s:${stream}`)?.length ?? 0
  }

  findCommit(commandId: string): WrittenCommit | undefined {
    return this.#commits.get(commandId)
  }

  /** What stands against this commit, if anything does. */
  obstacle({ expected = {}, condition, commandId }: Commit): Exclude<AppendOutcome, { status: 'written' }> | undefined {
    const earlier = commandId === undefined ? undefined : this.#commits.get(commandId)
    if (earlier) return { status: 'duplicate', ...earlier }
    const conflict = this.#versionConflict(expected) ?? this.#conditionConflict(condition)
    return conflict && { status: 'conflict', conflict }
  }

  /** Gives every event its version and takes the next positions. */
  accept(
    events: readonly EncodedEvent[],
    { commandId, recordedAt }: { commandId: string | undefined; recordedAt: string },
  ) {
    const firstPosition = this.head + 1
    const versions: Record<StreamName, Version> = {}
    const eventVersions = events.map(({ stream, type, tags }) => {
      this.add({ stream, type, tags })
      versions[stream] = this.versionOf(stream)
      return versions[stream]
    })
    const written: WrittenCommit = { firstPosition, lastPosition: this.head, versions, recordedAt }
    if (commandId !== undefined) this.remember(commandId, written)
    return { written, eventVersions }
  }

  /** Takes in the next event of a log that is being opened. */
  add(event: Queryable): void {
    const at = this.#events.push(event)
    for (const term of termsOf(event)) {
      const posting = this.#postings.get(term)
      if (posting) posting.push(at)
      else this.#postings.set(term, [at])
    }
  }

  remember(commandId: string, written: WrittenCommit): void {
    this.#commits.set(commandId, written)
  }

  /** Takes back what was accepted after a position but could not be written. */
  forgetAfter(position: Position): void {
    while (this.#events.length > position) {
      for (const term of termsOf(this.#events.pop()!)) {
        const posting = this.#postings.get(term)!
        posting.pop()
        if (posting.length === 0) this.#postings.delete(term)
      }
    }
    for (const [commandId, { lastPosition }] of [...this.#commits].reverse()) {
      if (lastPosition <= position) break
      this.#commits.delete(commandId)
    }
  }

  /** The next positions of matching events from one on, both ends inclusive: ascending, or descending where `from` is above `to`. */
  find(query: Query, { from, to, limit }: { from: Position; to: Position; limit: number }): Position[] {
    const ascending = from <= to
    if (query === 'all') {
      const count = Math.max(0, Math.min(limit, Math.abs(to - from) + 1))
      return Array.from({ length: count }, (_, offset) => (ascending ? from + offset : from - offset))
    }
    const found = new Set<Position>()
    for (const item of query) {
      const matches = matcher([item])
      for (const posting of this.#candidates(item)) {
        let taken = 0
        const step = ascending ? 1 : -1
        for (let at = startOf(posting, from, ascending); at >= 0 && at < posting.length && taken < limit; at += step) {
          const position = posting[at]!
          if (ascending ? position > to : position < to) break
          if (!matches(this.#events[position - 1]!)) continue
          found.add(position)
          taken++
        }
      }
    }
    return [...found].sort((a, b) => (ascending ? a - b : b - a)).slice(0, limit)
  }

  /** The postings of the field of an item that has the fewest events: every match is in one of them. */
  #candidates(item: QueryItem): readonly Position[][] {
    const fields = [
      item.streams?.map((stream) => `s:${stream}`),
      item.types?.map((type) => `t:${type}`),
      item.categories?.map((category) => `c:${category}`),
      ...(item.tags?.map((tag) => [`g:${tag}`]) ?? []),
    ]
    const postings = fields
      .filter((terms) => terms !== undefined)
      .map((terms) => terms.map((term) => this.#postings.get(term)).filter((posting) => posting !== undefined))
    const size = (lists: readonly Position[][]) => lists.reduce((sum, list) => sum + list.length, 0)
    return postings.reduce((best, lists) => (size(lists) < size(best) ? lists : best))
  }

  #versionConflict(expected: Readonly<Record<StreamName, ExpectedVersion>>): Conflict | undefined {
    for (const [stream, wanted] of Object.entries(expected) as [StreamName, ExpectedVersion][]) {
      const actual = this.versionOf(stream)
      const fits =
        wanted === 'any' || (wanted === 'none' ? actual === 0 : wanted === 'exists' ? actual > 0 : actual === wanted)
      if (!fits) return { cause: 'version', stream, expected: wanted, actual }
    }
    return undefined
  }

  #conditionConflict(condition: Commit['condition']): Conflict | undefined {
    if (!condition) return undefined
    const after = condition.after ?? 0
    // The newest match decides, so look backwards for one.
    const [matchedPosition] =
      after < this.head ? this.find(condition.failIfEventsMatch, { from: this.head, to: after + 1, limit: 1 }) : []
    return matchedPosition === undefined ? undefined : { cause: 'condition', matchedPosition }
  }
}

function termsOf({ stream, type, tags }: Queryable): Set<string> {
  return new Set([`s:${stream}`, `c:${categoryOf(stream)}`, `t:${type}`, ...tags.map((tag) => `g:${tag}`)])
}

/** The index of the first entry to look at: the first that is not before `from` in the direction of reading. */
function startOf(posting: readonly Position[], from: Position, ascending: boolean): number {
  let low = 0
  let high = posting.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending ? posting[middle]! < from : posting[middle]! <= from) low = middle + 1
    else high = middle
  }
  return ascending ? low : low - 1
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_commit', message)
}
