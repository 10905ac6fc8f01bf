// The way to projections: straight to log and database, or through a server that runs. Commands see no difference.
import type { ProjectionStatus, ProjectionView, RebuildProgress, RebuildReport, TableCheck } from 'indelible'

/** As `--json` prints it, and as the server answers. */
export interface ProjectionInfo
  extends Pick<ProjectionStatus, 'name' | 'version' | 'fingerprint' | 'position' | 'lagEvents' | 'holder'> {
  readonly state: ProjectionStatus['state'] | ProjectionView['state']
  /** The next three are known only to the process that runs it, so to a server that is asked. */
  readonly staleness: ProjectionStatus['staleness'] | null
  readonly rebuild: RebuildProgress | null
  readonly error?: ProjectionStatus['error']
  /** What the database says; null where it does not answer. */
  readonly table: TableInfo | null
}

export interface TableInfo
  extends Pick<ProjectionView, 'state' | 'position' | 'updatedAt' | 'parked' | 'next' | 'former'> {
  /** Null where there is none yet. */
  readonly fingerprint: string | null
}

export interface RebuildRequest {
  readonly dropFormer: boolean
  readonly progress: (progress: RebuildProgress) => void
}

export interface ProjectionClient {
  list(): Promise<readonly ProjectionInfo[]>
  /** This and all that follow throw `unknown_projection`. */
  show(name: string): Promise<ProjectionInfo>
  rebuild(name: string, request: RebuildRequest): Promise<RebuildReport>
  verify(name: string, progress: (done: number, total: number) => void): Promise<TableCheck>
  setPaused(name: string, isPaused: boolean): Promise<void>
  close(): Promise<void>
}
