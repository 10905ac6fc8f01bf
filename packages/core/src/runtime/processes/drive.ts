// Drives one saga from wherever its stream says it is as far as it gets. Everything it does may be done again after a crash.
import type { Command } from '../../kernel/commands.ts'
import { durationMs } from '../../kernel/durations.ts'
import { type ErrorCode, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { type AnySaga, nodeAt, type StepNode } from '../../kernel/processes/index.ts'
import { streamName } from '../../kernel/streams.ts'
import type { SendOptions } from '../commands/outcome.ts'
import type { Waits } from '../waiting.ts'
import { impossible, isSame } from './commands.ts'
import type { SagaEvent } from './events.ts'
import { claimedByOthers, type Execution, type Executor, type Failure, timedOut } from './executor.ts'
import { definitionOf, loadSaga, type SagaInstanceOptions, takeTurn } from './instance.ts'
import { mappingOf } from './mapping.ts'
import { dueAt, endedWaits, nextMoves, sentAgain } from './plan.ts'
import { hasEnded, type OpenCommand, type SagaState } from './state.ts'

export interface SagaDriveOptions extends SagaInstanceOptions {
  /** Where a command is carried out. Throws for one that goes nowhere. */
  readonly executorOf: (command: Command) => Executor
}

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

/** How a command on its way came back. */
type Landed = { readonly step: string } & (
  | { readonly event: SagaEvent; readonly claim: string | undefined }
  | { readonly fault: string }
  | { readonly problem: unknown }
)

/** Throws faults of the store that do not pass. */
export async function driveSaga(
  options: SagaDriveOptions,
  sagaId: string,
  { signal, known }: { readonly signal: AbortSignal; readonly known?: SagaState | undefined },
): Promise<Driven> {
  return await new Drive(options, sagaId, known).run(signal)
}

class Drive {
  readonly #options: SagaDriveOptions
  readonly #sagaId: string
  readonly #flights = new Map<string, Promise<Landed>>()
  /** Commands that came back without an answer: they are sent again when the saga is driven again. */
  readonly #unanswered = new Set<string>()
  /** Commands that this drive did not record itself: perhaps other code made them. */
  readonly #found = new Set<string>()
  #state: SagaState | undefined
  /** Nothing follows from the state as it is. */
  #isSettled = false
  #fault: string | undefined
  #waits: Waits | undefined
  #problem: unknown
  /** Aborts when nothing more is to be begun, and what is under way elsewhere need not be waited for. */
  #signal!: AbortSignal

  constructor(options: SagaDriveOptions, sagaId: string, known: SagaState | undefined) {
    this.#options = options
    this.#state = known
    this.#sagaId = sagaId
  }

  async run(signal: AbortSignal): Promise<Driven> {
    this.#signal = signal
    const beganMs = this.#options.clock.now()
    try {
      if (!this.#state) await this.#load()
      while (this.#state && (await this.#advance(this.#state, signal)));
    } catch (error) {
      await Promise.all(this.#flights.values())
      if (isIndelibleError(error, 'store_closed')) throw error
      if (isIndelibleError(error) && error.retryable) this.#fault = error.message
      else if (isFaultOfStore(error)) throw error
      else this.#problem = error
    }
    const state = this.#state
    // What was over when it began has met the fault, and is tried again with it.
    const afterMs = this.#fault === undefined ? Number.NEGATIVE_INFINITY : beganMs
    const dueMs = state && !hasEnded(state) ? dueAt(state, afterMs) : undefined
    return { state, dueMs, fault: this.#fault, waits: this.#waits, problem: this.#problem }
  }

  async #load(): Promise<void> {
    const { saga, store } = this.#options
    this.#state = await loadSaga(store, streamName(saga.category, this.#sagaId))
    for (const step of this.#state?.commands.keys() ?? []) this.#found.add(step)
  }

  /** False when there is nothing more to do now. */
  async #advance(state: SagaState, signal: AbortSignal): Promise<boolean> {
    if (!signal.aborted && this.#problem === undefined) {
      const walked = this.#walked(state)
      let ended: readonly SagaEvent[]
      try {
        if (await this.#map(state)) return true
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
        if (!this.#flights.has(step) && !this.#unanswered.has(step)) this.#flights.set(step, this.#fly(state, command))
      }
    }
    if (this.#flights.size === 0) return false
    const landed = await Promise.race(this.#flights.values())
    this.#flights.delete(landed.step)
    if ('event' in landed) await this.#turn(this.#state!, [landed.event], landed.claim)
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
    for (const step of this.#state!.commands.keys()) this.#found.add(step)
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
      const landed = await this.#impossible(state, command, misfit)
      if (!('event' in landed)) continue
      await this.#turn(state, [landed.event], landed.claim)
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
    const done = await this.#done(turn.state.commands.get(step)!, turn.position!)
    await this.#turn(turn.state, [done], undefined)
  }

  /** Sends a command, unless its time has passed. Rejects only for faults of the store that do not pass. */
  async #fly(state: SagaState, command: OpenCommand): Promise<Landed> {
    const { step, deadline } = command
    try {
      if (deadline !== null && this.#options.clock.now() >= Date.parse(deadline))
        return await this.#givenUp(state, command, timedOut)
      let execution: Execution
      try {
        execution = await this.#executorOf(command).carryOut(command, this.#sendOptions(state), this.#signal)
      } catch (error) {
        if (isFaultOfStore(error) || (isIndelibleError(error) && error.retryable)) throw error
        return await this.#impossible(state, command, error)
      }
      if (execution.status === 'unknown') return { step, fault: execution.fault }
      if (execution.status === 'done')
        return { step, event: await this.#done(command, execution.position), claim: undefined }
      return await this.#givenUp(state, command, execution.status === 'refused' ? execution : claimedByOthers)
    } catch (error) {
      if (isIndelibleError(error) && error.retryable) return { step, fault: error.message }
      return { step, problem: error }
    }
  }

  /** What follows from a refusal, or from a timeout, holds only when the command cannot be carried out any more. */
  async #givenUp(state: SagaState, command: OpenCommand, failure: Failure): Promise<Landed> {
    const { step, isCompensation } = command
    const { reason, details } = failure
    const options = this.#sendOptions(state)
    const given = await this.#executorOf(command).giveUp(command, { reason, details }, options, this.#signal)
    if (given.status === 'done') return { step, event: await this.#done(command, given.position), claim: undefined }
    const { why, claim } = given
    const refused = { step, ...why }
    if (isCompensation) return { step, event: { type: '$CompensationRefused', data: refused }, claim }
    if (why.reason === timedOut.reason) return { step, event: { type: '$StepTimedOut', data: { step } }, claim }
    const node = nodeAt(this.#saga(state), step)
    const continues = node?.kind === 'step' ? node.continueOn.includes(why.reason) : true
    return { step, event: { type: '$StepRefused', data: { ...refused, continues } }, claim }
  }

  async #done(command: OpenCommand, position: Position): Promise<SagaEvent> {
    const { step, isCompensation } = command
    if (isCompensation) return { type: '$CompensationDone', data: { step, position } }
    const node = nodeAt(this.#saga(this.#state!), step)
    const answer = node?.kind === 'step' && node.answer ? await this.#answer(command, node) : undefined
    return { type: '$StepDone', data: { step, position, answer } }
  }

  /** What the step keeps of the events that its command recorded. */
  async #answer(command: OpenCommand, { name, answer, send }: StepNode): Promise<unknown> {
    const events = await this.#executorOf(command).recorded(command, send.command.emits, this.#signal)
    return this.#options.call(`"answer" of step "${name}"`, () => answer!(events))
  }

  #executorOf({ command }: OpenCommand): Executor {
    return this.#options.executorOf(command)
  }

  /**
   * The command cannot be carried out, for a fault of the code: nobody declared it, its input does not fit, a decision breaks a law. That is no answer of
   * the domain, so nothing is compensated: the saga waits until the code is mended.
   */
  async #impossible(state: SagaState, command: OpenCommand, cause: unknown): Promise<Landed> {
    const { step, commandId, deadline, isCompensation: _, ...rest } = command
    // Older code may have carried it out.
    const position = await this.#executorOf(command).find(command, this.#signal)
    if (position !== undefined) return { step, event: await this.#done(command, position), claim: undefined }
    const again = this.#found.has(step) ? orNothing(() => sentAgain(this.#walked(state), step)) : undefined
    // It has the same id, so that one of the two is carried out at most.
    if (again && !isSame((again.data as { command: Command }).command, command.command)) {
      this.#found.delete(step)
      return { step, event: again, claim: undefined }
    }
    // How long it takes a person to help says nothing about the step.
    if (deadline !== null)
      return {
        step,
        event: { type: '$StepSent', data: { step, commandId, deadline: null, ...rest } },
        claim: undefined,
      }
    return { step, problem: impossible(command, cause) }
  }

  #sendOptions({ startedBy, lastEventId }: SagaState): SendOptions {
    const { saga } = this.#options
    const { correlationId, validAt } = startedBy
    return {
      correlationId,
      // That which recorded that the command is to be sent.
      causationId: lastEventId,
      actor: `saga:${saga.name}`,
      metadata: { saga: saga.name, sagaId: this.#sagaId },
      ...(validAt === null ? {} : { validAt }),
    }
  }

  #saga(state: SagaState): AnySaga {
    return definitionOf(this.#options.saga, state)
  }

  #walked(state: SagaState) {
    const { call, clock } = this.#options
    return { saga: this.#saga(state), sagaId: this.#sagaId, state, call, nowMs: clock.now() }
  }
}

const nothing: readonly SagaEvent[] = []

const faultsOfTheStore: readonly ErrorCode[] = ['store_closed', 'store_poisoned', 'store_read_only', 'log_corrupt']

function isFaultOfStore(error: unknown): boolean {
  return isIndelibleError(error) && faultsOfTheStore.includes(error.code)
}

function orNothing<Value>(make: () => Value): Value | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
