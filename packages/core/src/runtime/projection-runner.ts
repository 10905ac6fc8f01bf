// Keeps one read table in step with the log: batches as large as the backlog, rows and checkpoint in one transaction.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { Projection } from '../kernel/projections.ts'
import type { Clock } from '../kernel/time.ts'
import type { EventBatch, EventStore } from '../store/port.ts'
import type { ReadTables } from '../store/read-tables.ts'
import { foldBatch } from './projection-fold.ts'
import type { PureCall } from './purity.ts'
import { Waiters } from './waiters.ts'
import { backoff } from './waiting.ts'

/**
 * `running`: in step or catching up. `retrying`: the database or the log does not answer; nothing is lost, it goes on by itself.
 * `parked`: a handler failed at an event; nothing after it is projected until the code is mended and the system started again.
 */
export type ProjectionState = 'starting' | 'running' | 'retrying' | 'parked' | 'stopped'

export interface ProjectionStatus {
  readonly name: string
  readonly state: ProjectionState
  /** Everything up to here is in the table. */
  readonly position: Position
  /** Events that the log has beyond that. */
  readonly lagEvents: number
  readonly staleness: {
    readonly targetMs: number
    /** How old the last event was when its row became visible, or nothing yet. While catching up this is the age of history. */
    readonly lastMs: number | null
  }
  readonly error?: { readonly message: string; readonly code?: string; readonly event?: FailedEvent }
}

export interface FailedEvent {
  readonly position: Position
  readonly id: string
  readonly type: string
  readonly stream: string
}

export interface ProjectionRunnerParts {
  readonly projection: Projection
  readonly store: EventStore
  readonly tables: ReadTables
  readonly clock: Clock
  readonly call: PureCall
}

export class ProjectionRunner {
  readonly #parts: ProjectionRunnerParts
  readonly #stop = new AbortController()
  readonly #waiters: Waiters
  #running: Promise<void> = Promise.resolve()
  #state: ProjectionState = 'starting'
  #error: ProjectionStatus['error']
  /** The checkpoint in the database; behind `position` where the events since did not concern this table. */
  #saved: Position = 0
  #lastMs: number | null = null

  constructor(parts: ProjectionRunnerParts) {
    this.#parts = parts
    this.#waiters = new Waiters(`Projection "${parts.projection.name}"`)
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    if (this.#state !== 'parked') this.#state = 'stopped'
    this.#waiters.fail(new IndelibleError('store_closed', `Projection "${this.#parts.projection.name}" was stopped.`))
  }

  status(head: Position): ProjectionStatus {
    const { name, staleness } = this.#parts.projection
    return {
      name,
      state: this.#state,
      position: this.#waiters.reached,
      lagEvents: Math.max(0, head - this.#waiters.reached),
      staleness: { targetMs: staleness.targetMs, lastMs: this.#lastMs },
      ...(this.#error ? { error: this.#error } : {}),
    }
  }

  /** Resolves when the table shows everything up to a position. Throws `wait_timeout` or `projection_parked`. */
  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    await this.#waiters.reach(position, options)
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted && this.#state !== 'parked'; attempt++) {
      if (attempt > 0) await backoff(attempt - 1, this.#stop.signal)
      try {
        await this.#follow(() => {
          attempt = 0
        })
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) return
        this.#state = 'retrying'
        this.#error = describe(error)
      }
    }
  }

  async #follow(onProgress: () => void): Promise<void> {
    const { projection, store, tables } = this.#parts
    const { signal } = this.#stop
    this.#saved = await tables.open(projection.table)
    const { position: head } = await store.head()
    if (this.#saved > head) return this.#parkAhead(head)
    this.#waiters.restart(this.#saved)
    this.#state = 'running'
    this.#error = undefined
    for await (const batch of store.subscribe([{ types: projection.eventTypes }], { after: this.#saved, signal })) {
      if (!(await this.#apply(batch))) return
      onProgress()
    }
    await this.#save({ upserts: [], removals: [] }, this.#waiters.reached)
  }

  /** False when the runner has to stop or begin again from the checkpoint. */
  async #apply({ events, through }: EventBatch): Promise<boolean> {
    if (events.length > 0) {
      const { projection, tables, clock, call } = this.#parts
      const { failure, ...changes } = await foldBatch(projection, events, {
        load: (keys) => tables.load(projection.table, keys),
        call,
      })
      if (failure) {
        const saved = await this.#save(changes, failure.event.position - 1)
        if (saved) this.#park(failure.event, failure.error)
        return false
      }
      if (!(await this.#save(changes, through))) return false
      this.#lastMs = Math.max(0, clock.now() - Date.parse(events.at(-1)!.recordedAt))
    }
    this.#waiters.advance(through)
    return true
  }

  async #save(
    changes: Pick<Parameters<ReadTables['save']>[0], 'upserts' | 'removals'>,
    to: Position,
  ): Promise<boolean> {
    if (to <= this.#saved) return true
    const { projection, tables } = this.#parts
    const outcome = await tables.save({ table: projection.table, ...changes, from: this.#saved, to })
    // Superseded: another process moved this checkpoint, or a save whose answer got lost had succeeded. Begin again from what is there.
    if (outcome === 'superseded') return false
    this.#saved = to
    return true
  }

  /** The table shows events that the log does not have. To go on would be to skip the next ones. */
  #parkAhead(head: Position): void {
    const { name } = this.#parts.projection
    const error = new IndelibleError(
      'tables_ahead',
      `Read table "${name}" is at position ${this.#saved}, the log ends at ${head}: one of them was put back from another copy. ` +
        'Drop the table and its row in indelible_projections (or delete the embedded database), and it is made anew from the log.',
      { details: { name, position: this.#saved, head } },
    )
    this.#state = 'parked'
    this.#error = describe(error)
    this.#waiters.fail(error)
  }

  #park(event: RecordedEvent, error: unknown): void {
    const { position, id, type, stream } = event
    this.#waiters.advance(position - 1)
    this.#state = 'parked'
    this.#error = { ...describe(error), event: { position, id, type, stream } }
    const { name } = this.#parts.projection
    this.#waiters.fail(
      new IndelibleError(
        'projection_parked',
        `Projection "${name}" is parked at position ${position} (${type}): ${describe(error).message}`,
        {
          details: { name, position },
          cause: error,
        },
      ),
    )
  }
}

function describe(error: unknown): { message: string; code?: string } {
  const message = error instanceof Error ? error.message : String(error)
  return isIndelibleError(error) ? { message, code: error.code } : { message }
}
