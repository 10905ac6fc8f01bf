// The state of an aggregate as it would be. Its handlers may meet events that no decision made.
import type { AnyAggregate } from '../../kernel/any-aggregate.ts'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { EventStore } from '../../store/port.ts'
import { type StateAsOf, stateAsOf } from '../as-of.ts'

/** Throws `invalid_event` where a handler fails, and as {@link stateAsOf}. */
export async function stateWouldBe(fork: EventStore, aggregate: AnyAggregate, id: string): Promise<StateAsOf<unknown>> {
  try {
    return await stateAsOf<unknown>(fork, aggregate, { id })
  } catch (cause) {
    if (isIndelibleError(cause)) throw cause
    const message = `A handler of "${aggregate.category}" cannot take an event of ${aggregate.stream(id)} as it would be: ${messageOf(cause)}. Check the data that are given.`
    throw new IndelibleError('invalid_event', message, { cause })
  }
}
