// Proves all events of a stream that a tree has, one after the other in bounded memory.
import type { Position } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import { checkEvent } from './check-event.ts'
import type { TreeHead } from './checkpoints.ts'
import { leafOf } from './leaf.ts'
import { inclusionProof, type ReadNode } from './proofs.ts'
import { type KeptTree, keptTree, notSigned } from './prove.ts'
import type { EventInTree } from './proved-lines.ts'

/** Nodes that are kept from one proof to the next, of 32 bytes each: neighbours need the same ones. */
const nodesKeptMax = 4_096

export interface StreamToProve {
  readonly stream: StreamName
  /** The number of events of the tree; that of the last checkpoint when left out. */
  readonly size?: number | undefined
  /** The position of the first event, inclusive. */
  readonly from?: Position | undefined
}

export interface ProvedStream {
  readonly tree: TreeHead
  /** The signed note of the tree, if that is the last checkpoint. */
  readonly checkpoint: string | undefined
  /** In their order; none if the stream has no events in the tree. Throws `proofs_damaged`, and `tree_diverged` if an event is not the one that was signed. */
  readonly events: AsyncIterable<EventInTree>
}

/** Proves the events of a stream. Throws `proofs_missing`, `proofs_damaged`, `invalid_position`. */
export async function proveStream(
  { store, files }: KeptTree,
  { stream, size, from = 1 }: StreamToProve,
): Promise<ProvedStream> {
  const { tree, checkpoint, read } = await keptTree(files, size)
  return { tree, checkpoint, events: provedEvents({ store, tree, read: remembering(read) }, { stream, from }) }
}

async function* provedEvents(
  { store, tree, read }: Pick<KeptTree, 'store'> & { readonly tree: TreeHead; readonly read: ReadNode },
  { stream, from }: { readonly stream: StreamName; readonly from: Position },
): AsyncGenerator<EventInTree> {
  const { size } = tree
  if (from > size) return
  for await (const { events } of store.read([{ streams: [stream] }], { from, to: size }))
    for (const event of events) {
      const hashes = await inclusionProof(read, { index: event.position - 1, size })
      const proved = { event, leaf: leafOf(event), hashes }
      if (!checkEvent(proved, tree).isInTree) throw notSigned(event.position)
      yield proved
    }
}

function remembering(read: ReadNode): ReadNode {
  const nodes = new Map<string, Promise<Uint8Array>>()
  return (level, index) => {
    const key = `${level}/${index}`
    const known = nodes.get(key)
    if (known) return known
    const node = read(level, index)
    nodes.set(key, node)
    if (nodes.size > nodesKeptMax) nodes.delete(nodes.keys().next().value!)
    return node
  }
}
