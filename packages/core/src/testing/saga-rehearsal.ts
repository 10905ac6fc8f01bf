// Tests of a saga without a store and without waiting: what it sends when this happens, at a virtual time. The same pure plan as in a running system.
import type { Command } from '../kernel/commands.ts'
import { durationMs } from '../kernel/durations.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { DomainEvent } from '../kernel/event-types.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import { type AnySaga, nodeAt } from '../kernel/processes/index.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { parse, type Schema } from '../kernel/schemas.ts'
import { epochMs, instant, type ValidTime } from '../kernel/time.ts'
import { watching } from '../runtime/guard/index.ts'
import type { SagaEvent } from '../runtime/processes/events.ts'
import { asRead } from '../runtime/processes/instance.ts'
import { endedWaits, nextMoves } from '../runtime/processes/plan.ts'
import { type SagaView, viewOf } from '../runtime/processes/saga-view.ts'
import { foldSaga, type SagaState } from '../runtime/processes/state.ts'

/** A saga that is rehearsed. Each method says what happens next; `sends` and `state` say what the saga made of it. */
export interface SagaRehearsal {
  /** The commands that await an answer, by step. */
  readonly sends: Readonly<Record<string, Command>>
  readonly state: SagaView
  /** The command of a step is carried out, and records these events. */
  done(step: string, events?: readonly DomainEvent[]): SagaRehearsal
  /** The command of a step is refused. */
  refused(step: string, refusal: Refusal): SagaRehearsal
  /** An event that the saga waits for, or that cancels it, is recorded. */
  happens(event: DomainEvent): SagaRehearsal
  /** A person decides. */
  decides(step: string, decision: unknown): SagaRehearsal
  /** A child saga ends. */
  childEnds(step: string, how: 'completed' | 'compensated'): SagaRehearsal
  /** Time passes: `'30m'`, `'30d'`. What runs out of time does so. */
  passes(length: string): SagaRehearsal
}

/**
 * Begins a saga with the event that starts it: `rehearse(transferSaga, TransferRequested({ … }), { sagaId: 't-1' })`. A saga that only others start begins
 * with its data: `rehearse(refund, { cents: 5 })`.
 * Throws `impure_saga` where a function breaks the third law, and `invalid_declaration` for what cannot happen.
 */
export function rehearse<Given>(
  saga: AnySaga & { readonly '~data'?: Given },
  starts: DomainEvent | NoInfer<Given>,
  { sagaId = '1', at = '2026-01-01' }: { readonly sagaId?: string; readonly at?: ValidTime } = {},
): SagaRehearsal {
  return new Rehearsal(saga, starts, { sagaId, at })
}

class Rehearsal implements SagaRehearsal {
  readonly #saga: AnySaga
  readonly #sagaId: string
  readonly #guard = watching('impure_saga')
  #nowMs: number
  #position = 0
  #state: SagaState | undefined

  constructor(saga: AnySaga, starts: unknown, { sagaId, at }: { sagaId: string; at: ValidTime }) {
    this.#saga = saga
    this.#sagaId = sagaId
    this.#nowMs = epochMs(at)
    const event = saga.data ? this.#started(saga.data, starts) : this.#recorded(starts as DomainEvent)
    const { id: eventId, type, position, schemaVersion, data } = event
    if (!saga.data && !saga.startsOn.some((each) => each.type === type))
      throw this.#impossible(`"${type}" starts no "${saga.name}"`)
    const startedBy = { eventId, type, position, schemaVersion, correlationId: eventId, validAt: null }
    const parent = { saga: 'test', id: sagaId, step: 'test' }
    const { name, version } = saga
    const started = { saga: name, version, input: data, startedBy: saga.data ? { ...startedBy, parent } : startedBy }
    this.#happen({ type: '$SagaStarted', data: started })
  }

  get sends(): Readonly<Record<string, Command>> {
    return Object.fromEntries([...this.#now.commands].map(([step, { command }]) => [step, command]))
  }

  get state(): SagaView {
    return viewOf(this.#now)
  }

  done(step: string, events: readonly DomainEvent[] = []): this {
    const { isCompensation } = this.#command(step)
    const recorded = events.map((event) => this.#recorded(event))
    const position = ++this.#position
    if (isCompensation) return this.#happen({ type: '$CompensationDone', data: { step, position } })
    const node = nodeAt(this.#saga, step)
    const answer =
      node?.kind === 'step' && node.answer
        ? this.#guard.call(`"answer" of step "${step}" of saga "${this.#saga.name}"`, () => node.answer!(recorded))
        : undefined
    return this.#happen({ type: '$StepDone', data: { step, position, answer } })
  }

  refused(step: string, { refused: reason, details }: Refusal): this {
    const { isCompensation } = this.#command(step)
    const told = { step, reason, details: details as Readonly<Record<string, unknown>> }
    if (isCompensation) return this.#happen({ type: '$CompensationRefused', data: told })
    const node = nodeAt(this.#saga, step)
    const continues = node?.kind === 'step' ? node.continueOn.includes(reason) : true
    return this.#happen({ type: '$StepRefused', data: { ...told, continues } })
  }

  happens(event: DomainEvent): this {
    const { id, type, position, schemaVersion, data } = this.#recorded(event)
    const arrived = { id, type, position, schemaVersion, data }
    if (this.#saga.cancelsOn.some((each) => each.event.type === type))
      return this.#happen({ type: '$SagaCancelled', data: { reason: type, event: arrived, actor: null } })
    const waits = [...this.#now.waits].find(
      ([, { event: began }]) => began.type === '$EventAwaited' && began.data.eventType === type,
    )
    return this.#happen({ type: '$EventArrived', data: { step: waits?.[0] ?? null, event: arrived } })
  }

  decides(step: string, decision: unknown): this {
    const node = nodeAt(this.#saga, step)
    if (node?.kind !== 'ask' || !this.#now.waits.has(step)) throw this.#impossible(`step "${step}" asks nobody now`)
    const decided = parse(node.decision, decision, `The decision on "${step}"`, 'invalid_command')
    return this.#happen({ type: '$PersonAnswered', data: { step, decision: decided, actor: 'test', reason: null } })
  }

  childEnds(step: string, how: 'completed' | 'compensated'): this {
    if (this.#now.waits.get(step)?.kind !== 'child') throw this.#impossible(`step "${step}" waits for no saga now`)
    return this.#happen({ type: '$ChildEnded', data: { step, isCompleted: how === 'completed' } })
  }

  passes(length: string): this {
    this.#nowMs += durationMs(length)
    for (const [step, { deadline }] of [...this.#now.commands]) {
      if (deadline !== null && Date.parse(deadline) <= this.#nowMs)
        this.#happen({ type: '$StepTimedOut', data: { step } })
    }
    for (const event of endedWaits(this.#walked)) this.#happen(event)
    return this
  }

  get #now(): SagaState {
    return this.#state!
  }

  get #walked() {
    const [saga, sagaId, nowMs, guard] = [this.#saga, this.#sagaId, this.#nowMs, this.#guard]
    return { saga, sagaId, nowMs, guard, state: this.#now }
  }

  #command(step: string) {
    const command = this.#now.commands.get(step)
    if (command) return command
    const open = [...this.#now.commands.keys()].join(', ') || 'none'
    throw this.#impossible(`step "${step}" has sent nothing that awaits an answer; these have: ${open}`)
  }

  #happen(event: SagaEvent): this {
    this.#add(event)
    for (let moves = nextMoves(this.#walked); moves.length > 0; moves = nextMoves(this.#walked)) {
      for (const move of moves) this.#add(move)
    }
    return this
  }

  #add(event: SagaEvent): void {
    const position = ++this.#position
    this.#state = foldSaga([{ ...asRead(event), id: `event-${position}`, position }], this.#state)
  }

  /** By another saga, which gives it data. */
  #started(schema: Schema, given: unknown): RecordedEvent {
    const data = parse(schema, given, `The data of the saga "${this.#saga.name}"`, 'invalid_declaration')
    return this.#recorded({ type: '$ChildStarted', schemaVersion: 1, data })
  }

  /** The event as it would be read from the log. */
  #recorded({ type, schemaVersion, data }: DomainEvent): RecordedEvent {
    const position = ++this.#position
    const read = JSON.parse(JSON.stringify(data)) as unknown
    const where = {
      stream: `test-${this.#sagaId}`,
      streamId: this.#sagaId,
      category: 'test',
      version: 1,
      position,
    } as const
    return {
      ...where,
      id: `event-${position}`,
      type,
      schemaVersion,
      data: read,
      metadata: {},
      tags: [],
      recordedAt: instant(this.#nowMs),
    } as unknown as RecordedEvent
  }

  #impossible(problem: string): IndelibleError {
    return new IndelibleError(
      'invalid_declaration',
      `This cannot happen to the saga "${this.#saga.name}" now: ${problem}.`,
    )
  }
}
