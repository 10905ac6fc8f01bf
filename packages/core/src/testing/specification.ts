// Tests of a command without a store: given these events, when this command comes, what is decided?
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import type { AnyCommandType, CommandContext, CommandType } from '../kernel/commands.ts'
import { dataAsRead } from '../kernel/encoding.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { DomainEvent } from '../kernel/event-types.ts'
import { deepFreeze } from '../kernel/freeze.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { checkedDecision } from '../runtime/commands/decide.ts'
import { consultedBy } from '../runtime/commands/facts.ts'
import { type Evolving, evolved, watching } from '../runtime/guard/index.ts'

export interface DecisionContext extends Partial<Omit<CommandContext, 'facts'>> {
  /** Events of other streams. The facts that the command consults are folded from these and from the history. */
  readonly others?: readonly DomainEvent[]
}

/**
 * Decides a command after a history of its aggregate, under the laws: `decideAfter([AccountOpened({ … })], WithdrawFunds, { amount: 5 })`.
 * Returns the refusal, or the events as a list. Unique values are not checked: that needs a store.
 * Throws `impure_aggregate` if the code breaks the third law, and `invalid_declaration` if `decide` returns what the command does not declare.
 */
export function decideAfter<Input, No>(
  history: readonly DomainEvent[],
  commandType: CommandType<string, Input, No>,
  input: NoInfer<Input>,
  { others = [], ...context }: DecisionContext = {},
): No | readonly DomainEvent[] {
  const { aggregate, type } = commandType
  const guard = watching('impure_aggregate')
  const state = aggregate ? stateAfter(aggregate, history) : undefined
  const parsed = deepFreeze(commandType.parse(deepFreeze(input)))
  const facts = factsAfter([...others, ...history], commandType, parsed)
  const full: CommandContext = { ...commandContext, ...context, facts }
  const decision = guard.call(`decide of ${commandType.category}/${type}`, () =>
    commandType.decide(deepFreeze(state), parsed, full),
  )
  return checkedDecision(commandType, decision) as (Refusal & No) | readonly DomainEvent[]
}

/** The state of an aggregate after a history. */
export function stateAfter<State>(
  aggregate: AnyAggregate & { readonly initialState: State },
  history: readonly DomainEvent[],
): State {
  return folded({ name: aggregate.category, ...aggregate }, history)
}

function factsAfter(events: readonly DomainEvent[], command: AnyCommandType, input: unknown): Record<string, unknown> {
  const facts = consultedBy(command, input).map(({ name, model, query }) => {
    const found = events.filter(
      ({ type, tags = [] }) => query.types!.includes(type) && query.tags!.every((tag) => tags.includes(tag)),
    )
    return [name, folded(model, found)]
  })
  return Object.fromEntries(facts)
}

function folded<State>(model: Evolving & { readonly initialState: State }, events: readonly DomainEvent[]): State {
  // The events as they would be read from the log.
  const recorded = events.map((event) => {
    if (typeof event?.type === 'string') return { ...event, data: deepFreeze(dataAsRead(event)) }
    throw new IndelibleError('invalid_event', 'A history must be a list of events.')
  })
  return evolved(model, deepFreeze(model.initialState), recorded, watching('impure_aggregate'))
}

const commandContext: Omit<CommandContext, 'facts'> = {
  id: 'test',
  commandId: '00000000-0000-7000-8000-000000000001',
  actor: 'test',
  issuedAt: '2026-01-01T00:00:00.000Z',
  validAt: undefined,
}
