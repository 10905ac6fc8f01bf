// Where the projections of a system run: on this thread, or on one of their own (see `thread.ts`).
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { System } from '../../kernel/system.ts'
import { projectionsCloseMsMax } from '../limits.ts'
import { pause } from '../waiting.ts'
import { HeavyWork } from './heavy-work.ts'
import type { ProjectionParts } from './parts.ts'
import type { RebuildOptions, RebuildReport } from './rebuild.ts'
import { ProjectionRunner } from './runner.ts'
import type { ProjectionNotice, ProjectionStatus } from './status.ts'
import { type CheckOptions, checkTable, type TableCheck } from './verify.ts'

/** Names are those of declared projections. */
export interface ProjectionHost {
  /** In the order of declaration. */
  status(head: Position): Promise<readonly ProjectionStatus[]>
  /** Everything up to here is in the table, as far as this process knows. */
  position(name: string): Promise<Position>
  waitFor(name: string, position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>
  rebuild(name: string, options: RebuildOptions): Promise<RebuildReport>
  verify(name: string, options: CheckOptions): Promise<TableCheck>
  setPaused(name: string, isPaused: boolean): Promise<void>
  /** Ends between two steps, or after {@link projectionsCloseMsMax} wherever they are. What was under way is taken up at the next start. */
  close(): Promise<void>
}

/** What a host is started with. */
export interface HostParts extends Omit<ProjectionParts, 'projection'> {
  readonly notify: (notice: ProjectionNotice) => void
}

/** Starts the projections of a system somewhere. */
export type StartProjections = (system: System, parts: HostParts) => ProjectionHost

/** On this thread. */
export const projectionsHere: StartProjections = (system, parts) => {
  const heavyWork = new HeavyWork()
  const runners = new Map(
    system.projections.map((projection) => [
      projection.name,
      new ProjectionRunner({ ...parts, projection, heavyWork }),
    ]),
  )
  for (const runner of runners.values()) runner.start()
  const runner = (name: string) => {
    const found = runners.get(name)
    if (found) return found
    throw new IndelibleError('unknown_projection', `The system declares no projection "${name}".`)
  }
  return {
    status: (head) => Promise.all([...runners.values()].map((each) => each.status(head))),
    position: async (name) => runner(name).position,
    waitFor: (name, position, options) => runner(name).waitFor(position, options),
    rebuild: (name, options) => runner(name).rebuild(options),
    async verify(name, options) {
      using _ = heavyWork.begin(name, 'compared with the log')
      const projection = system.projections.find((each) => each.name === name)!
      // The runner may not have come to it yet.
      await parts.tables.open(projection.table)
      return await checkTable({ ...parts, projection }, options)
    },
    setPaused: (name, isPaused) => runner(name).setPaused(isPaused),
    async close() {
      const stopped = Promise.all([...runners.values()].map((each) => each.stop()))
      const inTime = new AbortController()
      const limit = pause(projectionsCloseMsMax, inTime.signal)
      await Promise.race([stopped, limit])
      inTime.abort()
    },
  }
}
