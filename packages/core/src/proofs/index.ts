// `indelible/proofs`: the Merkle tree over the log, its checkpoints and proofs, for programs that make or check them.

export { checkEvent, type EventCheck } from './check-event.ts'
export {
  openCheckpoint,
  readCheckpoint,
  signCheckpoint,
  type TreeCheckpoint,
  type TreeHead,
} from './checkpoints.ts'
export { type Compared, compareLog, type Misfit, type MisfitKind, misfitText } from './compare.ts'
export { type ExactEvent, eventOfExact, exactEvent } from './exact-event.ts'
export { emptyRoot, leafHash, nodeHash } from './hashes.ts'
export { type KeyKind, newSignerKey, type SignerKey, signerKey, type VerifierKey, verifierKey } from './keys.ts'
export { type LeafFields, leafOf, readLeaf } from './leaf.ts'
export { addSignatures, type OpenedNote, openNote, signNote } from './notes.ts'
export { checkProof, type EventProof, formatProof, parseProof } from './proof-text.ts'
export {
  type Consistency,
  consistencyProof,
  type Inclusion,
  inclusionProof,
  provesConsistency,
  provesInclusion,
  type ReadNode,
  rootOf,
} from './proofs.ts'
export {
  cosignedCheckpoint,
  type KeptTree,
  lastCheckpoint,
  type ProvedConsistency,
  type ProvedEvent,
  proveConsistency,
  proveEvent,
} from './prove.ts'
export { type ProvedStream, proveStream, type StreamToProve } from './prove-stream.ts'
export { type EventInTree, type ProvedLine, ProvedLineReader, ProvedLineWriter } from './proved-lines.ts'
export {
  type Cosignatures,
  checkpointFile,
  checkpointPost,
  type PublishedCheckpoint,
  type Publisher,
  witness,
} from './publishers.ts'
export { nodesIn } from './tile-nodes.ts'
export { edgeOf, GrowingTree, type Tile, type TilePlace, tilePath } from './tiles.ts'
