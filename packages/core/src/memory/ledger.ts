// The index of a store in memory: the version of every stream, every command id, and which events match a query.
import type { EncodedEvent } from '../kernel/encoding.ts'
import type { Position, Version } from '../kernel/positions.ts'
import { matching, type Stretch, type TermKind, type TermPositions } from '../kernel/postings.ts'
import type { Query } from '../kernel/queries.ts'
import { isReserved, reservedCategory } from '../kernel/reserved.ts'
import { categoryOf, type StreamName } from '../kernel/streams.ts'
import { type Facts, lastVersions } from '../store/commit.ts'
import type { WrittenCommit } from '../store/port.ts'

/** The fields of an event that queries search. */
export type Findable = Pick<EncodedEvent, 'stream' | 'type' | 'tags' | 'correlationId'>

export class Ledger implements Facts, TermPositions {
  head: Position
  readonly #after: Position
  /** The versions of streams that began before the first event here. */
  readonly #begun = new Map<StreamName, Version>()
  /** From a term, such as `type FundsWithdrawn`, to the ascending positions of its events. */
  readonly #postings = new Map<string, Position[]>()
  readonly #commits = new Map<string, WrittenCommit>()

  /** It has the events after this position. */
  constructor(after: Position = 0) {
    this.head = after
    this.#after = after
  }

  /** Whether the version of a stream is known. */
  knows(stream: StreamName): boolean {
    return this.#after === 0 || this.#begun.has(stream)
  }

  /** Sets the version that a stream has before the events here. */
  begin(stream: StreamName, version: Version): void {
    this.#begun.set(stream, version)
  }

  versionOf(stream: StreamName): Version {
    return (this.#begun.get(stream) ?? 0) + this.positions('stream', stream).length
  }

  findCommit(commandId: string): WrittenCommit | undefined {
    return this.#commits.get(commandId)
  }

  /** The commits with a command id, by their first positions. */
  commitsByPosition(): ReadonlyMap<Position, { readonly commandId: string; readonly lastPosition: Position }> {
    const entries = [...this.#commits].map(
      ([commandId, { firstPosition, lastPosition }]) => [firstPosition, { commandId, lastPosition }] as const,
    )
    return new Map(entries)
  }

  /** Gives every event its version and takes the next positions. */
  accept(
    events: readonly Findable[],
    { commandId, recordedAt }: { commandId: string | undefined; recordedAt: string },
  ): { written: WrittenCommit; eventVersions: readonly Version[] } {
    const firstPosition = this.head + 1
    const eventVersions = events.map((event) => {
      this.#add(event)
      return this.versionOf(event.stream)
    })
    const versions = lastVersions(events, (index) => eventVersions[index]!)
    const written: WrittenCommit = { firstPosition, lastPosition: this.head, versions, recordedAt }
    if (commandId !== undefined) this.#commits.set(commandId, written)
    return { written, eventVersions }
  }

  find(query: Query, stretch: Stretch): Position[] {
    return matching(this, query, stretch)
  }

  /** The facts for a condition whose last match before the events here is known. */
  behind(match: Position | undefined): Facts {
    const before = match === undefined ? [] : [match]
    return {
      head: this.head,
      versionOf: (stream) => this.versionOf(stream),
      find: (query, { from, to, ...rest }) => {
        const found = from > this.#after ? this.find(query, { from, to: Math.max(to, this.#after + 1), ...rest }) : []
        return found.length > 0 ? found : before
      },
    }
  }

  positions(kind: TermKind, text: string): readonly Position[] {
    return this.#postings.get(`${kind} ${text}`) ?? []
  }

  /** How often each type occurs here. */
  countTypes(): ReadonlyMap<string, number> {
    const types = [...this.#postings].filter(([term]) => term.startsWith('type '))
    return new Map(types.map(([term, positions]) => [term.slice('type '.length), positions.length]))
  }

  #add({ stream, type, tags, correlationId }: Findable): void {
    this.head++
    this.#post('stream', stream)
    this.#post('category', categoryOf(stream))
    if (isReserved(stream)) this.#post('category', reservedCategory)
    this.#post('type', type)
    for (const tag of new Set(tags)) this.#post('tag', tag)
    if (correlationId !== undefined) this.#post('correlation', correlationId)
  }

  #post(kind: TermKind, text: string): void {
    const term = `${kind} ${text}`
    const posting = this.#postings.get(term)
    if (posting) posting.push(this.head)
    else this.#postings.set(term, [this.head])
  }
}
