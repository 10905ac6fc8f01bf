// Folds events into a state, for aggregates and decision models: entered once for all events.
import { IndelibleError } from '../../kernel/errors.ts'
import type { DomainEvent } from '../../kernel/event-types.ts'
import { deepFreeze } from '../../kernel/freeze.ts'
import { frozenData } from '../../kernel/upcasts.ts'
import { type Guard, Sample } from './guard.ts'

export interface Evolving {
  /** In messages. */
  readonly name: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever its state is
  readonly evolve: (state: any, event: DomainEvent) => any
}

/** The state after more events. Throws `invalid_declaration`, the code of the guard, and what handlers throw. */
export function evolved<State>(model: Evolving, from: State, events: readonly DomainEvent[], guard: Guard): State {
  return guard.isWatching
    ? watched(model, from, events, guard)
    : events.reduce((state, event) => next(model, state, event), from)
}

function watched<State>(model: Evolving, from: State, events: readonly DomainEvent[], guard: Guard): State {
  const sample = new Sample()
  let [state, index, isUpcast] = [from, 0, false]
  const upcast = () => frozenData(events[index]!)
  const handle = () => next(model, state, events[index]!)
  const what = () => (isUpcast ? `the upcast of ${events[index]!.type}` : handlerOf(model, events[index]!))
  return guard.fold(what, () => {
    for (index = 0; index < events.length; index++) {
      const isRepeated = sample.take()
      if (isRepeated) {
        isUpcast = true
        guard.step(upcast, false)
        isUpcast = false
        deepFreeze(state)
      }
      state = guard.step(handle, isRepeated)
    }
    return deepFreeze(state)
  })
}

/** Throws `invalid_declaration`. */
function next<State>(model: Evolving, state: State, event: DomainEvent): State {
  const after = model.evolve(state, event) as State | undefined
  if (after !== undefined) return after
  throw new IndelibleError(
    'invalid_declaration',
    `${handlerOf(model, event)} returned nothing. It must return the next state.`,
  )
}

function handlerOf({ name }: Evolving, { type }: DomainEvent): string {
  return `The handler of ${type} in "${name}"`
}
