// Where the projections of a system run: on this thread, or on a thread of their own (see the room `thread`). What can be asked of them is one list of
// methods, which both take, so that a new method needs no change between the caller and the runner.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { System } from '../../kernel/system.ts'
import type { CallOptions, Handlers, Input, Result } from '../../threads/index.ts'
import { projectionsCloseMsMax } from '../limits.ts'
import type { ReadNotice } from '../read-check.ts'
import { pause } from '../waiting.ts'
import { checkTable, type TableCheck } from './compare/index.ts'
import type { ProjectionContext } from './context.ts'
import { HeavyWork } from './heavy-work.ts'
import type { RebuildReport } from './rebuild/index.ts'
import { ProjectionRunner } from './run/index.ts'
import type { ProjectionNotice, ProjectionStatus, RebuildProgress } from './status.ts'

/** What can be asked of projections. A name is the name of a declared projection. */
export interface ProjectionMethods {
  /** The status of all, in the order of declaration. */
  status(input: { readonly head: Position }): readonly ProjectionStatus[]
  /** Everything up to here is in the table, as far as this process knows. */
  position(input: { readonly name: string }): Position
  waitFor(input: { readonly name: string; readonly position: Position; readonly timeoutMs: number }): void
  rebuild(input: { readonly name: string }): RebuildReport
  verify(input: { readonly name: string }): TableCheck
  setPaused(input: { readonly name: string; readonly isPaused: boolean }): void
  /** Whether this process is to run it, where several share the work. Answered when the runner has stopped, if another one is to. */
  setHere(input: { readonly name: string; readonly isHere: boolean }): void
}

/** What a method reports on its way. */
export interface ProgressOf {
  readonly rebuild: RebuildProgress
  readonly verify: { readonly done: Position; readonly total: Position }
}

export interface ProjectionHost {
  status(head: Position): Promise<readonly ProjectionStatus[]>
  call<Name extends keyof ProjectionMethods>(
    method: Name,
    input: Input<ProjectionMethods, Name>,
    options?: HostCallOptions<Name>,
  ): Promise<Result<ProjectionMethods, Name>>
  /** Ends between two steps, or after {@link projectionsCloseMsMax} at any step. The next start goes on with the unfinished work. */
  close(): Promise<void>
}

export interface HostCallOptions<Name extends keyof ProjectionMethods> extends Pick<CallOptions, 'signal'> {
  readonly onProgress?: ((progress: Name extends keyof ProgressOf ? ProgressOf[Name] : never) => void) | undefined
}

/** What the projections of a system run with. */
export interface HostContext extends Omit<ProjectionContext, 'projection'> {
  readonly notify: (notice: HostNotice) => void
}

/** What is reported from where the projections run. */
export type HostNotice = ProjectionNotice | ReadNotice

/** Starts the projections of a system somewhere. */
export type StartProjections = (system: System, context: HostContext) => ProjectionHost

/** On this thread. */
export const projectionsHere: StartProjections = (system, context) => {
  const { handlers, close } = startRunners(system, context)
  const host: ProjectionHost = {
    status: (head) => host.call('status', { head }),
    call: async <Name extends keyof ProjectionMethods>(
      method: Name,
      input: Input<ProjectionMethods, Name>,
      { signal = new AbortController().signal, onProgress }: HostCallOptions<Name> = {},
    ) => {
      const progress = (progress: unknown) => onProgress?.(progress as never)
      const result: unknown = await handlers[method](input, { signal, progress, transfer: () => {} })
      return result as Result<ProjectionMethods, Name>
    },
    close,
  }
  return host
}

export interface Runners {
  readonly handlers: Handlers<ProjectionMethods>
  close(): Promise<void>
}

/** Starts a runner for each projection. */
export function startRunners(system: System, context: HostContext): Runners {
  const heavyWork = new HeavyWork()
  const contexts = new Map(
    system.projections.map((projection) => [projection.name, { ...context, projection, heavyWork }]),
  )
  const runners = new Map([...contexts].map(([name, each]) => [name, new ProjectionRunner(each)]))
  for (const runner of runners.values()) runner.start()
  const of = <Value>(values: ReadonlyMap<string, Value>, name: string): Value => {
    const found = values.get(name)
    if (found) return found
    throw new IndelibleError('unknown_projection', `The system declares no projection "${name}".`)
  }
  return {
    handlers: {
      status: ({ head }) => Promise.all([...runners.values()].map((runner) => runner.status(head))),
      position: ({ name }) => of(runners, name).position,
      waitFor: ({ name, position, timeoutMs }, { signal }) =>
        of(runners, name).waitFor(position, { timeoutMs, signal }),
      rebuild: ({ name }, options) => of(runners, name).rebuild(options),
      setPaused: ({ name, isPaused }) => of(runners, name).setPaused(isPaused),
      setHere: ({ name, isHere }) => of(runners, name).setHere(isHere),
      async verify({ name }, { signal, progress }) {
        using _ = heavyWork.begin(name, 'compared with the log')
        const found = of(contexts, name)
        // The runner may not have opened the table yet.
        await found.tables.open(found.projection.table)
        return await checkTable(found, { signal, progress: (done, total) => progress({ done, total }) })
      },
    },
    async close() {
      const stopped = Promise.all([...runners.values()].map((runner) => runner.stop()))
      const inTime = new AbortController()
      await Promise.race([stopped, pause(projectionsCloseMsMax, inTime.signal)])
      inTime.abort()
    },
  }
}
