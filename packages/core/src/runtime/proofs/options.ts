// How the Merkle tree of a system is kept.
import type { Publisher } from '../../proofs/publishers.ts'
import type { StartTree } from './tree-host.ts'

export interface ProofsOptions {
  /** Which log it is, in every checkpoint: a name that no other log has, such as `bank.example/log`. By default it is made of the id of the log. */
  readonly origin?: string | undefined
  /** Who gets the checkpoints: `checkpointFile`, `checkpointPost`, `witness` of `indelible/proofs`. */
  readonly publish?: readonly Publisher[] | undefined
  /** Where the tree is grown: on this thread, unless a `treeThread` is given. */
  readonly tree?: StartTree | undefined
}
