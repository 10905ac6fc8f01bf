// What the pieces of a runner share.
import type { TableRecord } from '../../../store/read-tables.ts'
import type { ProjectionContext } from '../context.ts'
import type { HeavyWork } from '../heavy-work.ts'
import { LeaseKeeper } from '../lease-keeper.ts'
import type { ProjectionNotice } from '../status.ts'
import type { Standing } from './standing.ts'

export interface RunnerOptions extends ProjectionContext {
  readonly heavyWork: HeavyWork
  readonly notify: (notice: ProjectionNotice) => void
}

export interface RunContext extends RunnerOptions {
  readonly name: string
  /** This runner, among all that may run the projection. */
  readonly holder: string
  readonly standing: Standing
  /** Aborts when the runner stops. */
  readonly stop: AbortSignal
  readonly wake: Wake
}

/** Ends the rest or the work of a runner, so that it looks at its table at once. */
export class Wake {
  #current = new AbortController()

  get signal(): AbortSignal {
    return this.#current.signal
  }

  now(): void {
    this.#current.abort()
  }

  /** Call it before each look: what comes later needs another one. */
  renew(): void {
    this.#current = new AbortController()
  }
}

/** The record of the live table, whichever code filled it. */
export async function recordOf({ tables, name }: RunContext): Promise<TableRecord | undefined> {
  return (await tables.list()).find((record) => record.name === name)
}

/** Keeps the lease until it is disposed of. */
export function keepLease({ tables, name, holder }: RunContext): LeaseKeeper {
  return new LeaseKeeper({ tables, name, holder, isOver: () => false })
}
