// Inline projections: whoever gets the answer to a command finds its events in their tables. Rows are written in the transaction that appends where the store can do
// that; elsewhere, and as long as a table is behind, the answer waits for the table.
import type { Command } from '../../../kernel/commands.ts'
import { isIndelibleError } from '../../../kernel/errors.ts'
import type { Position } from '../../../kernel/positions.ts'
import type { Projection } from '../../../kernel/projections.ts'
import type { System } from '../../../kernel/system.ts'
import type { DomainLog } from '../../../store/domain-log.ts'
import { inlineOf } from '../../../store/inline.ts'
import type { EventStore } from '../../../store/port.ts'
import type { ReadTables } from '../../../store/read-tables.ts'
import type { Guard } from '../../guard/index.ts'
import { inlineWaitMsMax } from '../../limits.ts'
import { backoff } from '../../waiting.ts'
import type { ProjectionHost } from '../host.ts'
import { inlineFold } from './inline-fold.ts'

export interface InlineProjectionsOptions {
  readonly store: EventStore
  readonly tables: ReadTables
  readonly log: DomainLog
  readonly guard: Guard
  readonly projections: ProjectionHost
}

export class InlineProjections {
  readonly #options: InlineProjectionsOptions
  readonly #inline: readonly Projection[]
  /** By command, the projections that its events concern. */
  readonly #ofCommand: ReadonlyMap<string, readonly string[]>
  readonly #stop = new AbortController()
  /** How far each table is, as far as this process wrote it together with events. */
  readonly #written = new Map<string, Position>()
  /** Tables for which an answer has waited in vain, such as a paused one, and where they must be before another one waits. */
  readonly #late = new Map<string, Position>()

  constructor(system: System, options: InlineProjectionsOptions) {
    this.#options = options
    this.#inline = system.projections.filter(({ inline }) => inline)
    this.#ofCommand = new Map(
      system.commands.map(({ category, type, emits }) => {
        const emitted = new Set(emits.map((event) => event.type))
        const concerned = this.#inline.filter(({ events }) => events.some((event) => emitted.has(event.type)))
        return [`${category}/${type}`, concerned.map(({ name }) => name)]
      }),
    )
  }

  /** Until the store has begun with them, answers wait for the tables. */
  start(): void {
    void this.#begin()
  }

  stop(): void {
    this.#stop.abort()
  }

  async #begin(): Promise<void> {
    const { store, tables, log, guard } = this.#options
    const writing = inlineOf(store)
    if (this.#inline.length === 0 || !writing) return
    const folds = this.#inline.map((projection) => inlineFold(projection, { log, guard }))
    const { signal } = this.#stop
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        for (const { table } of folds) await tables.open(table)
        await writing.begin(tables, folds, (table, position) => this.#written.set(table, position))
        return
      } catch {
        // The store or the tables do not answer yet, which their own calls tell.
        await backoff(attempt, signal)
      }
    }
  }

  /** Resolves when the tables show the events of a command that were appended at a position. The command is carried out, so this never throws what a table fails with. */
  async shown({ category, type }: Pick<Command, 'category' | 'type'>, position: Position): Promise<void> {
    const concerned = this.#ofCommand.get(`${category}/${type}`) ?? []
    const waiting = concerned.filter((name) => (this.#written.get(name) ?? 0) < position)
    if (waiting.length > 0) await Promise.all(waiting.map((name) => this.#reached(name, position)))
  }

  async #reached(name: string, position: Position): Promise<void> {
    const { projections } = this.#options
    try {
      const late = this.#late.get(name)
      if (late !== undefined && (await projections.call('position', { name })) < late) return
      this.#late.delete(name)
      await projections.call('waitFor', { name, position, timeoutMs: inlineWaitMsMax })
    } catch (error) {
      if (!isIndelibleError(error)) throw error
      if (error.code === 'wait_timeout') this.#late.set(name, position)
    }
  }
}
