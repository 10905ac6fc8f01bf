// Compares a copy with its log, event by event and commit by commit, and makes the Merkle tree of both.
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import { isSameHash } from '../proofs/hashes.ts'
import { leafHashOf } from '../proofs/leaf.ts'
import { GrowingTree } from '../proofs/tiles.ts'
import type { CopiedLog, RecordedCommit } from '../store/copying.ts'

/** An event, with the command id of its commit where that has one. */
interface Placed {
  readonly event: RecordedEvent
  readonly commit: { readonly commandId: string; readonly first: Position; readonly last: Position } | undefined
}

export class CopyCheck {
  readonly #source: CopiedLog
  readonly #target: CopiedLog
  readonly #trees = { source: new GrowingTree(), target: new GrowingTree() }

  constructor({ source, target }: { readonly source: CopiedLog; readonly target: CopiedLog }) {
    this.#source = source
    this.#target = target
  }

  /** Everything up to here is the same in both. */
  get position(): Position {
    return this.#trees.source.size
  }

  /** The root of the Merkle tree of both up to there (docs/proofs.md). */
  get root(): Uint8Array {
    return this.#trees.source.root()
  }

  /** Compares what follows, up to a position that both have. Throws `copy_differs` with the first position that differs. */
  async goOn(to: Position, onProgress: (position: Position) => void): Promise<void> {
    const { source, target } = this.#trees
    const range = { after: this.position, to }
    const copied = placedIn(this.#target.commits(range))
    try {
      for await (const original of placedIn(this.#source.commits(range))) {
        const { value } = await copied.next()
        const { position } = original.event
        if (!value || !isSameCommit(original, value)) throw differs(position)
        const [hash, other] = [leafHashOf(original.event), leafHashOf(value.event)]
        if (!isSameHash(hash, other)) throw differs(position)
        source.append(hash)
        target.append(other)
        if (position % progressEvents === 0) onProgress(position)
        // The nodes that a tree keeps for tiles are not needed.
        if (position % progressEvents === 0) for (const tree of [source, target]) tree.takeFull()
      }
    } finally {
      await copied.return(undefined)
    }
    if (this.position !== to || !isSameHash(source.root(), target.root())) throw differs(this.position + 1)
    onProgress(to)
  }
}

const progressEvents = 4_096

async function* placedIn(batches: AsyncIterable<readonly RecordedCommit[]>): AsyncGenerator<Placed, undefined> {
  for await (const commits of batches) {
    for (const { commandId, events } of commits) {
      const commit =
        commandId === undefined ? undefined : { commandId, first: events[0]!.position, last: events.at(-1)!.position }
      for (const event of events) yield { event, commit }
    }
  }
  return undefined
}

function isSameCommit({ commit: one }: Placed, { commit: other }: Placed): boolean {
  return one?.commandId === other?.commandId && one?.first === other?.first && one?.last === other?.last
}

function differs(position: Position): IndelibleError {
  return new IndelibleError(
    'copy_differs',
    `The copy differs from its log at position ${position}. Do not use it: remove it, and copy again to an empty place.`,
    { details: { position } },
  )
}
