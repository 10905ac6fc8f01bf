// Access to projections: directly to log and database, or through a running server. For the commands there is no difference.
import type { RebuildProgress, RebuildReport, TableCheck } from 'indelible'
import type { PastTable, PointOfLog } from 'indelible/history'
import type { ProjectionShown, TableShown } from 'indelible/operations'

/** The form that `--json` prints, which is the result of the operations. */
export interface ProjectionInfo
  extends Pick<ProjectionShown, 'name' | 'version' | 'fingerprint' | 'position' | 'lagEvents' | 'holder' | 'table'> {
  readonly state: ProjectionShown['state'] | TableShown['state']
  /** The next three are known only to the process that runs the projection, so only a server returns them. */
  readonly staleness: ProjectionShown['staleness'] | null
  readonly rebuild: RebuildProgress | null
  readonly error?: ProjectionShown['error']
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
  keepPast(name: string, asOf: PointOfLog | undefined): Promise<PastTable>
  dropPast(name: string): Promise<void>
  setPaused(name: string, isPaused: boolean): Promise<void>
  close(): Promise<void>
}
