// Walks the flow of a saga as far as its history goes: which nodes were reached and with what context, and what begins next. Pure, apart from the moves it lists.
import { durationMs } from '../../kernel/durations.ts'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import { deepFreeze } from '../../kernel/freeze.ts'
import {
  type ChildNode,
  type EachNode,
  type FlowNode,
  isPivot,
  type SagaContext,
  type StepNode,
} from '../../kernel/processes/flow.ts'
import type { AnySaga } from '../../kernel/processes/saga.ts'
import { parse } from '../../kernel/schemas.ts'
import { messageOf } from '../../kernel/shown.ts'
import { type Instant, instant } from '../../kernel/time.ts'
import { isSeenAs } from '../../kernel/upcasts.ts'
import type { Guard } from '../guard/index.ts'
import { type SagaMoves, sending } from './commands.ts'
import { dataOfArrived, dataOfStart } from './recorded-data.ts'
import type { SagaState } from './state.ts'

/** A saga with its history, seen by the code that it runs on. */
export interface Walked {
  readonly saga: AnySaga
  readonly sagaId: string
  readonly state: SagaState
  readonly guard: Guard
  readonly nowMs: number
}

/** A node that was reached, and what its functions are given. */
export interface Reached {
  readonly node: FlowNode
  readonly context: SagaContext<Answers>
}

type Answers = Readonly<Record<string, unknown>>

interface Scope {
  /** What comes before the names of the nodes, with its `/`. */
  readonly prefix: string
  readonly answers: Answers
  readonly item: unknown
}

interface FlowResult {
  readonly isDone: boolean
  readonly answers: Answers
}

export class Walk {
  readonly reached = new Map<string, Reached>()
  readonly data: unknown
  readonly #walked: Walked
  /** Where what begins next is listed; nothing begins without it. */
  #moves: SagaMoves | undefined
  readonly isDone: boolean

  /** Throws `invalid_declaration` where a function fails or does not fit the history, `impure_saga`, `event_version_unknown`. */
  constructor(walked: Walked, moves?: SagaMoves) {
    this.#walked = walked
    this.#moves = moves
    this.data = deepFreeze(dataOfStart(walked.saga, walked.state))
    this.isDone = this.#flow(walked.saga.nodes, { prefix: '', answers: {}, item: undefined }).isDone
  }

  #flow(nodes: readonly FlowNode[], { prefix, answers: before, item }: Scope): FlowResult {
    let answers = before
    let isDone = true
    for (const node of nodes) {
      const step = prefix + node.name
      const context = { sagaId: this.#walked.sagaId, answers, item }
      this.reached.set(step, { node, context })
      // After the first that is not done nothing begins. What other code had done in another order stays done.
      const result = this.#limited(isDone, () => this.#node(step, node, context))
      if (result.isDone) answers = { ...answers, [node.name]: deepFreeze(result.answer) }
      else isDone = false
    }
    return { isDone, answers }
  }

  #node(step: string, node: FlowNode, context: SagaContext<Answers>): { isDone: boolean; answer?: unknown } {
    if (node.kind === 'each') return this.#each(step, node, context)
    if (node.kind === 'parallel') {
      const inner = Object.entries(node.branches).map(([branch, nodes]) => {
        const scope = { prefix: `${step}/${branch}/`, answers: context.answers, item: context.item }
        return [branch, this.#flow(nodes, scope)] as const
      })
      const answer = Object.fromEntries(inner.map(([branch, { answers }]) => [branch, answers]))
      return { isDone: inner.every(([, { isDone }]) => isDone), answer }
    }
    if (node.kind === 'choose') {
      const branch = this.#branch(step, node, context)
      if (branch === undefined) return notDone
      const scope = { prefix: `${step}/${branch}/`, answers: context.answers, item: context.item }
      const { isDone, answers } = this.#flow(node.branches[branch]!, scope)
      return { isDone, answer: { [branch]: answers } }
    }
    const known = this.#walked.state.nodes.get(step)
    if (!known) {
      this.#begin(step, node, context)
      return notDone
    }
    if (!known.isDone) return notDone
    const answer =
      node.kind === 'await' && known.value !== undefined ? dataOfArrived(node.event, known.value) : known.value
    return { isDone: true, answer }
  }

  #each(step: string, node: EachNode, context: SagaContext<Answers>): { isDone: boolean; answer?: unknown } {
    const known = this.#walked.state.nodes.get(step)
    if (!known && !this.#moves) return notDone
    const items = new Map<string, unknown>()
    const list = this.ask(step, 'over', () => node.over(this.data, context))
    for (const [index, item] of list.entries()) {
      const key = this.ask(step, 'key', () => node.key(item, index))
      if (typeof key !== 'string' || !/^[^\s/[\]]{1,100}$/.test(key))
        throw fault(
          step,
          `gave the key ${JSON.stringify(key)}: use text of 1 to 100 characters without spaces, "/", "[" and "]"`,
        )
      if (items.has(key)) throw fault(step, `gave the key "${key}" to two items`)
      items.set(key, deepFreeze(item))
    }
    const keys = (known?.value as readonly string[] | undefined) ?? [...items.keys()]
    if (!known) this.#moves!.push({ type: '$ListTaken', data: { step, keys } })
    const answers: Record<string, unknown> = {}
    let open = 0
    for (const key of keys) {
      if (!items.has(key)) throw fault(step, `no longer gives the item "${key}", which the saga began with`)
      const scope = { prefix: `${step}[${key}]/`, answers: context.answers, item: items.get(key) }
      const inner = this.#limited(open < node.atOnce, () => this.#flow(node.nodes, scope))
      answers[key] = inner.answers
      if (!inner.isDone) open++
    }
    return { isDone: open === 0, answer: answers }
  }

  /** Where nothing may begin, what has begun is still walked. */
  #limited<Result>(isAllowed: boolean, walk: () => Result): Result {
    const before = this.#moves
    if (!isAllowed) this.#moves = undefined
    try {
      return walk()
    } finally {
      this.#moves = before
    }
  }

  #branch(step: string, node: FlowNode & { kind: 'choose' }, context: SagaContext): string | undefined {
    const known = this.#walked.state.nodes.get(step)
    if (!known && !this.#moves) return undefined
    const branch = (known?.value as string | undefined) ?? this.ask(step, 'when', () => node.when(this.data, context))
    if (!Object.hasOwn(node.branches, branch)) throw fault(step, `has no branch "${branch}"`)
    if (!known) this.#moves!.push({ type: '$BranchTaken', data: { step, branch } })
    return branch
  }

  #begin(step: string, node: Exclude<FlowNode, { kind: 'each' | 'parallel' | 'choose' }>, context: SagaContext): void {
    const moves = this.#moves
    if (!moves) return
    const { state, nowMs } = this.#walked
    const { data } = this
    switch (node.kind) {
      case 'step':
        moves.push({ type: '$StepSent', data: this.#sent(step, node, context) })
        return
      case 'await': {
        const event = state.arrived.find((each) => isSeenAs(node.event, each))
        if (event) moves.push({ type: '$EventArrived', data: { step, event } })
        else
          moves.push({
            type: '$EventAwaited',
            data: { step, until: endOf(node.within, nowMs), eventType: node.event.type },
          })
        return
      }
      case 'sleep': {
        const until = node.until
          ? this.ask(step, 'until', () => checkedInstant(step, node.until!(data, context)))
          : endOf(node.for!, nowMs)
        moves.push({ type: '$SleepBegan', data: { step, until } })
        return
      }
      case 'ask': {
        const owner = this.ask(step, 'owner', () => node.owner(data, context))
        const question = this.ask(step, 'question', () => node.question(data, context))
        moves.push({ type: '$PersonAsked', data: { step, until: endOf(node.within, nowMs), owner, question } })
        return
      }
      case 'child': {
        const { name, version } = node.saga
        const id = this.ask(step, 'id', () => node.id(data, context))
        const input = this.ask(step, 'data', () => checkedData(node, node.data(data, context)))
        const compensatable = typeof node.compensate === 'object'
        moves.push({
          type: '$ChildStarted',
          data: { step, until: null, saga: name, version, id, input, compensatable, ...pivot(node) },
        })
      }
    }
  }

  #sent(step: string, node: StepNode, context: SagaContext) {
    const { nowMs } = this.#walked
    const deadline = node.timeout === undefined ? null : instant(nowMs + durationMs(node.timeout))
    const command = this.ask(step, 'command', () => sending(node.send, this.data, context))
    const compensatable = typeof node.compensate === 'object'
    const commandId = commandIdOf(this.#walked, step, 'do')
    return { step, commandId, command, deadline, compensatable, ...pivot(node) }
  }

  /** Calls a function of the saga as the third law wants it. Throws `invalid_declaration`, `impure_saga`. */
  ask<Value>(step: string, what: string, run: () => Value): Value {
    const which = places[what]?.(step) ?? `"${what}" of step "${step}"`
    try {
      return this.#walked.guard.call(`${which} of saga "${this.#walked.saga.name}"`, run)
    } catch (cause) {
      if (isIndelibleError(cause, 'impure_saga')) throw cause
      const failed = places[what] ? 'could not make its command' : 'failed'
      throw new IndelibleError('invalid_declaration', `${which} ${failed}: ${messageOf(cause)}`, { cause })
    }
  }
}

/** How messages name what makes a command. */
const places: Readonly<Record<string, (step: string) => string>> = {
  command: (step) => `Step "${step}"`,
  compensate: (step) => `The compensation of step "${step}"`,
}

const notDone = { isDone: false } as const

interface CommandIdOwner extends Pick<Walked, 'saga' | 'sagaId'> {
  readonly state: Pick<SagaState, 'isMapped' | 'definition'>
}

/**
 * The id of a command of a saga: the same whenever it is sent again, so that it is carried out once. After a map it has the version, because a step of an
 * earlier version may have had the same name.
 */
export function commandIdOf({ saga: { category }, sagaId, state }: CommandIdOwner, step: string, what: string): string {
  return `${category}-${sagaId}:${step}:${what}${state.isMapped ? `@${state.definition}` : ''}`
}

function endOf(length: string, nowMs: number): Instant | null {
  return length === 'forever' ? null : instant(nowMs + durationMs(length))
}

function pivot(node: StepNode | ChildNode): { isPivot?: true } {
  return isPivot(node) ? { isPivot: true } : {}
}

function checkedData({ saga: { name, data: schema } }: ChildNode, given: unknown): unknown {
  return schema ? parse(schema, given, `The data of the saga "${name}"`, 'invalid_declaration') : given
}

function checkedInstant(step: string, given: unknown): Instant {
  const ms = typeof given === 'string' ? Date.parse(given) : Number.NaN
  if (Number.isFinite(ms)) return instant(ms)
  throw fault(step, `sleeps until ${JSON.stringify(given)}, which is no RFC 3339 date-time`)
}

function fault(step: string, problem: string): IndelibleError {
  return new IndelibleError('invalid_declaration', `Step "${step}" ${problem}.`)
}
