// Drives one saga from wherever its stream says it is as far as it gets. Everything it does may be done again after a crash.
import { durationMs } from '../../kernel/durations.ts'
import { isIndelibleError } from '../../kernel/errors.ts'
import { type AnySaga, nodeAt } from '../../kernel/processes/index.ts'
import { streamName } from '../../kernel/streams.ts'
import type { Waits } from '../waiting.ts'
import type { SagaEvent } from './events.ts'
import { assertOpenFits } from './fitting.ts'
import { definitionOf, loadSaga, takeTurn } from './instance.ts'
import { mappingOf } from './mapping.ts'
import { dueAt, endedWaits, nextMoves } from './plan.ts'
import { isFaultOfStore, type Landed, type SagaDriveOptions, Sender } from './sender.ts'
import { hasEnded, type SagaState } from './state.ts'

/** How far a saga was driven. */
export interface Driven {
  /** Nothing if no such saga was started. */
  readonly state: SagaState | undefined
  /** When it is to be driven again, if nothing comes in before. */
  readonly dueMs: number | undefined
  /** A fault that may pass: it is to be driven again after a while. */
  readonly fault: string | undefined
  /** How long, where the steps that met the fault say so: at the pace of the least patient of them. */
  readonly waits: Waits | undefined
  /** Why it cannot go on until a person helps. */
  readonly problem: unknown
}

/** Throws faults of the store that do not pass. */
export async function driveSaga(options: SagaDriveOptions, from: DriveFrom): Promise<Driven> {
  return await new Drive(options, from).run()
}

interface DriveFrom {
  readonly sagaId: string
  readonly signal: AbortSignal
  readonly known: SagaState | undefined
}

class Drive {
  readonly #options: SagaDriveOptions
  readonly #sagaId: string
  /** Aborts when nothing more is to be begun, and what is under way elsewhere need not be waited for. */
  readonly #signal: AbortSignal
  readonly #sender: Sender
  readonly #flights = new Map<string, Promise<Landed>>()
  /** Commands that came back without an answer: they are sent again when the saga is driven again. */
  readonly #unanswered = new Set<string>()
  #state: SagaState | undefined
  /** Nothing follows from the state as it is. */
  #isSettled = false
  #fault: string | undefined
  #waits: Waits | undefined
  #problem: unknown

  constructor(options: SagaDriveOptions, { sagaId, signal, known }: DriveFrom) {
    this.#options = options
    this.#state = known
    this.#sagaId = sagaId
    this.#signal = signal
    this.#sender = new Sender(options, { sagaId, signal, now: () => this.#state! })
  }

  async run(): Promise<Driven> {
    const beganMs = this.#options.clock.now()
    try {
      if (!this.#state) await this.#load()
      while (this.#state && (await this.#advance(this.#state)));
    } catch (error) {
      await Promise.all(this.#flights.values())
      if (isIndelibleError(error, 'store_closed')) throw error
      if (isIndelibleError(error) && error.retryable) this.#fault = error.message
      else if (isFaultOfStore(error)) throw error
      else this.#problem = error
    }
    // A commit whose answer was lost may have been written all the same: what is due later is found by the newest event.
    if (this.#fault !== undefined) await this.#load().catch(() => {})
    const state = this.#state
    // What was over when it began has met the fault, and is tried again with it.
    const afterMs = this.#fault === undefined ? Number.NEGATIVE_INFINITY : beganMs
    const dueMs = state && !hasEnded(state) ? dueAt(state, afterMs) : undefined
    return { state, dueMs, fault: this.#fault, waits: this.#waits, problem: this.#problem }
  }

  async #load(): Promise<void> {
    const { saga, store } = this.#options
    this.#state = await loadSaga(store, streamName(saga.category, this.#sagaId))
    this.#sender.found(this.#state?.commands.keys() ?? [])
  }

  /** False when there is nothing more to do now. */
  async #advance(state: SagaState): Promise<boolean> {
    if (!this.#signal.aborted && this.#problem === undefined) {
      const walked = this.#walked(state)
      let ended: readonly SagaEvent[]
      try {
        if (await this.#map(state)) return true
        assertOpenFits(walked)
        ended = endedWaits(walked)
        if (ended.length === 0 && (this.#isSettled || nextMoves(walked).length === 0)) ended = nothing
      } catch (misfit) {
        return await this.#misfit(state, misfit)
      }
      if (ended !== nothing) {
        await this.#turn(state, ended, undefined)
        return true
      }
      for (const [step, command] of state.commands) {
        if (!this.#flights.has(step) && !this.#unanswered.has(step))
          this.#flights.set(step, this.#sender.send(state, command))
      }
    }
    if (this.#flights.size === 0) return false
    const landed = await Promise.race(this.#flights.values())
    this.#flights.delete(landed.step)
    if ('input' in landed) await this.#turn(this.#state!, [landed.input], landed.claim)
    else {
      this.#unanswered.add(landed.step)
      if ('fault' in landed) this.#failed(landed)
      else this.#problem ??= landed.problem
    }
    return true
  }

  /** Takes an instance of an earlier version over to the newest one, if it may. What is on its way has the names of the earlier one. */
  async #map(state: SagaState): Promise<boolean> {
    const { saga } = this.#options
    const mapped = this.#flights.size > 0 ? undefined : mappingOf({ ...this.#walked(state), saga })
    if (!mapped) return false
    await this.#turn(state, [{ type: '$SagaMapped', data: mapped }], undefined)
    this.#sender.found(this.#state!.commands.keys())
    return true
  }

  #failed({ step, fault }: { readonly step: string; readonly fault: string }): void {
    this.#fault = fault
    const node = nodeAt(this.#saga(this.#state!), step)
    if (node?.kind !== 'step') return
    const waits = { firstMs: durationMs(node.retry.first), maxMs: durationMs(node.retry.max) }
    if (waits.firstMs < (this.#waits?.firstMs ?? Number.POSITIVE_INFINITY)) this.#waits = waits
  }

  /** The code does not fit the history. What was sent before may have been carried out all the same. */
  async #misfit(state: SagaState, misfit: unknown): Promise<boolean> {
    for (const [step, command] of state.commands) {
      if (this.#flights.has(step)) continue
      const landed = await this.#sender.impossible(state, command, { cause: misfit })
      if (!('input' in landed)) continue
      await this.#turn(state, [landed.input], landed.claim)
      return true
    }
    this.#problem = misfit
    return this.#flights.size > 0
  }

  async #turn(state: SagaState, inputs: readonly SagaEvent[], claim: string | undefined): Promise<void> {
    const turn = await takeTurn(this.#options, this.#sagaId, { state, inputs, claim })
    this.#state = turn.state
    this.#isSettled = turn.isSettled
    if (turn.status !== 'duplicate') return
    // The command that ran out of time, or was refused now, had been carried out, and its answer got lost.
    const step = (inputs[0]!.data as { step: string }).step
    const done = await this.#sender.answered(turn.state.commands.get(step)!, turn.position!)
    await this.#turn(turn.state, [done], undefined)
  }

  #saga(state: SagaState): AnySaga {
    return definitionOf(this.#options.saga, state)
  }

  #walked(state: SagaState) {
    const { guard, clock } = this.#options
    return { saga: this.#saga(state), sagaId: this.#sagaId, state, guard, nowMs: clock.now() }
  }
}

const nothing: readonly SagaEvent[] = []
