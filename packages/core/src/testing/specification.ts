// Given these events, when this command comes, what is decided: the test of an aggregate, without a store.
import type { Aggregate, Command, CommandContext, CommandType, Refusal } from '../kernel/aggregates.ts'
import { dataAsRead } from '../kernel/encoding.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { AnyEventType, DomainEvent, EventOf } from '../kernel/event-types.ts'
import { deepFreeze } from '../kernel/freeze.ts'
import { watched } from '../runtime/purity.ts'

/**
 * Decides a command after a history, under the laws: `decide(account, [AccountOpened(...)], WithdrawFunds, { amount: 5 })`.
 * Gives the refusal, or the events as a list. Throws `impure_aggregate` where the code breaks the third law.
 */
export function decideAfter<State, Event extends AnyEventType, Input>(
  aggregate: Aggregate<State, Event>,
  history: readonly EventOf<Event>[],
  commandType: CommandType<string, Input>,
  input: Input,
  context: Partial<CommandContext> = {},
): Refusal | readonly DomainEvent[] {
  const call = watched('impure_aggregate')
  const state = stateAfter(aggregate, history)
  const full: CommandContext = { ...commandContext, ...context }
  const { type }: Command = commandType(full.id, input)
  if (commandType.aggregate.category !== aggregate.category) {
    throw new IndelibleError('unknown_command', `"${type}" is not a command of "${aggregate.category}".`)
  }
  const decision = call(`decide of ${type}`, () =>
    commandType.decide(deepFreeze(state), deepFreeze(commandType.parse(deepFreeze(input))), full),
  )
  if ('refused' in decision) return decision
  return Array.isArray(decision) ? (decision as readonly DomainEvent[]) : [decision as DomainEvent]
}

/** The state of an aggregate after a history. */
export function stateAfter<State, Event extends AnyEventType>(
  aggregate: Aggregate<State, Event>,
  history: readonly EventOf<Event>[],
): State {
  const call = watched('impure_aggregate')
  return history.reduce((state, event) => {
    // As it would be read.
    const recorded = { ...event, data: deepFreeze(dataAsRead(event)) }
    return call(`evolve of ${event.type}`, () => aggregate.evolve(deepFreeze(state), recorded))
  }, aggregate.initialState)
}

const commandContext: CommandContext = {
  id: 'test',
  commandId: '00000000-0000-7000-8000-000000000001',
  actor: 'test',
  issuedAt: '2026-01-01T00:00:00.000Z',
  validAt: undefined,
}
