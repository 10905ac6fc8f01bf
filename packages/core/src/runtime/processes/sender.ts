// Sends the commands of one saga, and says how each came back.
import type { Command } from '../../kernel/commands.ts'
import { type ErrorCode, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { type AnySaga, nodeAt, type StepNode } from '../../kernel/processes/index.ts'
import { tracedBy } from '../../kernel/traceparent.ts'
import type { SendOptions } from '../commands/outcome.ts'
import { spans } from '../telemetry/index.ts'
import { impossible, isSame } from './commands.ts'
import type { SagaEvent } from './events.ts'
import { claimedByOthers, type Execution, type Executor, type Failure, timedOut } from './executor.ts'
import { definitionOf, type SagaInstanceOptions } from './instance.ts'
import { sentAgain } from './plan.ts'
import { type OpenCommand, type SagaState, traceparentOf } from './state.ts'

export interface SagaDriveOptions extends SagaInstanceOptions {
  /** Where a command is carried out. Throws for one that goes nowhere. */
  readonly executorOf: (command: Command) => Executor
}

/** How a command came back. */
export type Landed = { readonly step: string } & (
  | { readonly input: SagaEvent; readonly claim: string | undefined }
  | { readonly fault: string }
  | { readonly problem: unknown }
)

export interface SenderOptions {
  readonly sagaId: string
  /** Aborts when nothing more is to be begun, and what is under way elsewhere need not be waited for. */
  readonly signal: AbortSignal
  /** The saga as it is now. */
  readonly now: () => SagaState
}

export class Sender {
  readonly #options: SagaDriveOptions
  readonly #sagaId: string
  readonly #signal: AbortSignal
  readonly #now: () => SagaState
  /** Steps whose commands this process did not record itself: perhaps other code made them. */
  readonly #found = new Set<string>()

  constructor(options: SagaDriveOptions, { sagaId, signal, now }: SenderOptions) {
    this.#options = options
    this.#sagaId = sagaId
    this.#signal = signal
    this.#now = now
  }

  /** Notes the commands that were found in the log. */
  found(steps: Iterable<string>): void {
    for (const step of steps) this.#found.add(step)
  }

  /** Sends a command, unless its time has passed. Rejects only for faults of the store that do not pass. */
  async send(state: SagaState, command: OpenCommand): Promise<Landed> {
    const { saga, telemetry } = this.#options
    const attributes = {
      'indelible.saga': saga.name,
      'indelible.step': command.step.replace(/\[[^\]]*\]/g, ''),
      'indelible.command': command.command.type,
    }
    return await telemetry.traced(
      { span: spans.step, attributes, parent: traceparentOf(state) },
      async ({ traceparent, set }) => {
        const landed = await this.#sent(state, command, traceparent)
        set({ 'indelible.outcome': 'input' in landed ? landed.input.type.slice(1) : 'unanswered' })
        return landed
      },
    )
  }

  async #sent(state: SagaState, command: OpenCommand, traceparent: string | undefined): Promise<Landed> {
    const { step, deadline } = command
    const isOver = deadline !== null && this.#options.clock.now() >= Date.parse(deadline)
    const options = this.#sendOptions(state, traceparent)
    try {
      let execution: Execution
      try {
        if (isOver) return await this.#givenUp(options, command, timedOut)
        execution = await this.#executorOf(command).carryOut(command, options, this.#signal)
      } catch (error) {
        if (isFaultOfStore(error) || (isIndelibleError(error) && error.retryable)) throw error
        return await this.impossible(state, command, { cause: error, isOver })
      }
      if (execution.status === 'unknown') return { step, fault: execution.fault }
      if (execution.status === 'done')
        return { step, input: await this.answered(command, execution.position), claim: undefined }
      return await this.#givenUp(options, command, execution.status === 'refused' ? execution : claimedByOthers)
    } catch (error) {
      if (isIndelibleError(error) && error.retryable) return { step, fault: error.message }
      return { step, problem: error }
    }
  }

  /** What follows from a refusal, or from a timeout, holds only when the command cannot be carried out any more. */
  async #givenUp(options: SendOptions, command: OpenCommand, failure: Failure): Promise<Landed> {
    const { step, isCompensation } = command
    const { reason, details } = failure
    const given = await this.#executorOf(command).giveUp(command, { reason, details }, options, this.#signal)
    if (given.status === 'done') return { step, input: await this.answered(command, given.position), claim: undefined }
    const { why, claim } = given
    const refused = { step, ...why }
    if (isCompensation) return { step, input: { type: '$CompensationRefused', data: refused }, claim }
    if (why.reason === timedOut.reason) return { step, input: { type: '$StepTimedOut', data: { step } }, claim }
    const node = nodeAt(this.#saga(this.#now()), step)
    const continues = node?.kind === 'step' ? node.continueOn.includes(why.reason) : true
    return { step, input: { type: '$StepRefused', data: { ...refused, continues } }, claim }
  }

  async answered(command: OpenCommand, position: Position): Promise<SagaEvent> {
    const { step, isCompensation } = command
    if (isCompensation) return { type: '$CompensationDone', data: { step, position } }
    const node = nodeAt(this.#saga(this.#now()), step)
    const answer = node?.kind === 'step' && node.answer ? await this.#answer(command, node) : undefined
    return { type: '$StepDone', data: { step, position, answer } }
  }

  /** What the step keeps of the events that its command recorded. */
  async #answer(command: OpenCommand, { name, answer, send }: StepNode): Promise<unknown> {
    const events = await this.#executorOf(command).recorded(command, send.command.emits, this.#signal)
    return this.#options.guard.call(`"answer" of step "${name}" of saga "${this.#options.saga.name}"`, () =>
      answer!(events),
    )
  }

  #executorOf({ command }: OpenCommand): Executor {
    return this.#options.executorOf(command)
  }

  /**
   * The command cannot be carried out, or given up when its time is over, for a fault of the code: nobody declared it, its input does not fit, a decision
   * breaks a law. That is no answer of the domain, so nothing is compensated: the saga waits until the code is mended.
   */
  async impossible(
    state: SagaState,
    command: OpenCommand,
    { cause, isOver = false }: { readonly cause: unknown; readonly isOver?: boolean },
  ): Promise<Landed> {
    const { step, commandId, deadline, isCompensation: _, ...rest } = command
    // Older code may have carried it out.
    const position = await this.#executorOf(command).find(command, this.#signal)
    if (position !== undefined) return { step, input: await this.answered(command, position), claim: undefined }
    const again = this.#found.has(step) ? orNothing(() => sentAgain(this.#walked(state), step)) : undefined
    // It has the same id, so that one of the two is carried out at most.
    if (again && !isSame((again.data as { command: Command }).command, command.command)) {
      this.#found.delete(step)
      return { step, input: again, claim: undefined }
    }
    // How long it takes a person to help says nothing about the step.
    if (deadline !== null && !isOver)
      return {
        step,
        input: { type: '$StepSent', data: { step, commandId, deadline: null, ...rest } },
        claim: undefined,
      }
    return { step, problem: impossible(command, { cause, isOver }) }
  }

  #sendOptions({ startedBy, lastEventId }: SagaState, traceparent: string | undefined): SendOptions {
    const { saga } = this.#options
    const { correlationId, validAt } = startedBy
    return {
      correlationId,
      // That which recorded that the command is to be sent.
      causationId: lastEventId,
      actor: `saga:${saga.name}`,
      metadata: { saga: saga.name, sagaId: this.#sagaId },
      ...tracedBy(traceparent),
      ...(validAt === null ? {} : { validAt }),
    }
  }

  #saga(state: SagaState): AnySaga {
    return definitionOf(this.#options.saga, state)
  }

  #walked(state: SagaState) {
    const { guard, clock } = this.#options
    return { saga: this.#saga(state), sagaId: this.#sagaId, state, guard, nowMs: clock.now() }
  }
}

const faultsOfTheStore: readonly ErrorCode[] = ['store_closed', 'store_poisoned', 'store_read_only', 'log_corrupt']

export function isFaultOfStore(error: unknown): boolean {
  return isIndelibleError(error) && faultsOfTheStore.includes(error.code)
}

function orNothing<Value>(make: () => Value): Value | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
