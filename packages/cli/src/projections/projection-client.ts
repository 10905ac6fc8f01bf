// Access to projections: directly to log and database, or through a running server. For the commands there is no difference.
import type { ProjectionStatus, ProjectionView, RebuildProgress, RebuildReport, TableCheck } from 'indelible'

/** The form that `--json` prints, which is the response of the server. */
export interface ProjectionInfo
  extends Pick<ProjectionStatus, 'name' | 'version' | 'fingerprint' | 'position' | 'lagEvents' | 'holder'> {
  readonly state: ProjectionStatus['state'] | ProjectionView['state']
  /** The next three are known only to the process that runs the projection, so only a server returns them. */
  readonly staleness: ProjectionStatus['staleness'] | null
  readonly rebuild: RebuildProgress | null
  readonly error?: ProjectionStatus['error']
  /** The table according to the database; null if the database does not answer. */
  readonly table: TableInfo | null
}

export interface TableInfo
  extends Pick<ProjectionView, 'state' | 'position' | 'updatedAt' | 'parked' | 'staging' | 'previous'> {
  /** Null where there is none yet. */
  readonly fingerprint: string | null
}

export interface RebuildRequest {
  readonly dropPrevious: boolean
  readonly progress: (progress: RebuildProgress) => void
}

export interface ProjectionClient {
  list(): Promise<readonly ProjectionInfo[]>
  /** This and the following methods throw `unknown_projection`. */
  show(name: string): Promise<ProjectionInfo>
  rebuild(name: string, request: RebuildRequest): Promise<RebuildReport>
  verify(name: string, progress: (done: number, total: number) => void): Promise<TableCheck>
  setPaused(name: string, isPaused: boolean): Promise<void>
  close(): Promise<void>
}
