// Where an export comes from: which log, which positions, which question, and the signed checkpoint of the log.
import type { AuditFilters } from 'indelible/history'

export interface Provenance {
  /** A URI that names the log. */
  readonly source: string
  /** The first and the last position that were asked about. */
  readonly from: number
  readonly to: number
  readonly filters: Omit<AuditFilters, 'from' | 'to'>
  readonly exportedAt: string
  /** The signed note, and the number of events that it covers. Null where the system keeps no Merkle tree. */
  readonly checkpoint: { readonly size: number; readonly note: string } | null
}

/** The second line of a checkpoint is its size (https://c2sp.org/tlog-checkpoint). */
export function checkpointOf(note: string | undefined): Provenance['checkpoint'] {
  return note === undefined ? null : { size: Number(note.split('\n')[1]), note }
}
