// The state of a projection as the database has it. It is the same in all processes, also in those that do not run the projection.
import type { Position } from '../../kernel/positions.ts'
import type { Projection } from '../../kernel/projections.ts'
import { previousTableName, stagingTable } from '../../kernel/tables.ts'
import type { Parked, TableRecord, TableState } from '../../store/read-tables.ts'

/** A table beside the live one. */
export type OtherTable = Pick<TableState, 'fingerprint' | 'position'>

/** The state of a projection as the database has it, whichever process runs the projection. */
export interface ProjectionView {
  readonly name: string
  /** As declared. */
  readonly version: number
  /** The fingerprint of the declared table; see `TableDefinition`. */
  readonly fingerprint: string
  /** The fingerprint of the table in the database: another one until the table is rebuilt, null if there is no table yet. */
  readonly tableFingerprint: string | null
  /**
   * `running`: a process runs it. `idle`: no process runs it. `outdated`: another version of the code filled the table. `diverged`: the table was made
   * from another history than the log has. `missing`: there is no table yet.
   */
  readonly state: 'missing' | 'outdated' | 'diverged' | 'parked' | 'paused' | 'running' | 'idle'
  readonly position: Position
  /** The number of events in the log after that position, also those that do not concern the table. */
  readonly lagEvents: number
  readonly holder: string | null
  readonly parked: Parked | null
  readonly updatedAt: string | null
  /** The table that is being built, or whose building was interrupted. */
  readonly staging: OtherTable | null
  /** The table that was replaced by the last rebuild, if it is still there. */
  readonly previous: OtherTable | null
}

export function viewOf(
  { name, version, table }: Projection,
  records: ReadonlyMap<string, TableRecord>,
  { head, diverged }: { head: Position; diverged: ReadonlySet<string> },
): ProjectionView {
  const record = records.get(name)
  const stateOf = (other: string): OtherTable | null => {
    const there = records.get(other)
    return there ? { fingerprint: there.fingerprint, position: there.position } : null
  }
  return {
    name,
    version,
    fingerprint: table.fingerprint,
    tableFingerprint: record?.fingerprint ?? null,
    state: record ? stateIn(record, { declared: table.fingerprint, isDiverged: diverged.has(name) }) : 'missing',
    position: record?.position ?? 0,
    lagEvents: Math.max(0, head - (record?.position ?? 0)),
    holder: record?.holder ?? null,
    parked: record?.parked ?? null,
    updatedAt: record?.updatedAt ?? null,
    staging: stateOf(stagingTable(table).name),
    previous: stateOf(previousTableName(name)),
  }
}

function stateIn(
  { parked, isPaused, holder, fingerprint }: TableRecord,
  { declared, isDiverged }: { declared: string; isDiverged: boolean },
): ProjectionView['state'] {
  if (isDiverged) return 'diverged'
  if (isPaused) return 'paused'
  if (parked) return 'parked'
  if (fingerprint !== declared) return 'outdated'
  return holder === null ? 'idle' : 'running'
}
