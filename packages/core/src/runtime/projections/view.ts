// How a projection stands, as the database says it: the same in each process, whichever runs the projection.
import type { Position } from '../../kernel/positions.ts'
import type { Projection } from '../../kernel/projections.ts'
import { formerTableName, nextTable } from '../../kernel/tables.ts'
import type { Parked, TableRecord, TableState } from '../../store/read-tables.ts'

/** A table beside the one that is read. */
export type OtherTable = Pick<TableState, 'fingerprint' | 'position'>

/** What the database says of a projection, whoever runs it. */
export interface ProjectionView {
  readonly name: string
  /** As declared. */
  readonly version: number
  /** Of what its rows stand for; see `TableDefinition`. */
  readonly fingerprint: string
  /** The same of the table that is there: another until it is rebuilt, null where there is none yet. */
  readonly tableFingerprint: string | null
  /**
   * `running`: a process has it. `idle`: none has. `outdated`: other code filled the table. `diverged`: the table was made from another history than
   * that of the log. `missing`: there is no table yet.
   */
  readonly state: 'missing' | 'outdated' | 'diverged' | 'parked' | 'paused' | 'running' | 'idle'
  readonly position: Position
  /** Events that the log has beyond that, whether they concern the table or not. */
  readonly lagEvents: number
  readonly holder: string | null
  readonly parked: Parked | null
  readonly updatedAt: string | null
  /** The table that is being built, or was when that was interrupted. */
  readonly next: OtherTable | null
  /** The table that was replaced and is kept. */
  readonly former: OtherTable | null
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
    next: stateOf(nextTable(table).name),
    former: stateOf(formerTableName(name)),
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
