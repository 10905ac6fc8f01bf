// What a saga keeps of events of others is kept as it was recorded, and seen in the newest form, like everything that domain code reads.
import { IndelibleError } from '../../kernel/errors.ts'
import type { AnyEventType } from '../../kernel/event-types.ts'
import type { AnySaga } from '../../kernel/processes/saga.ts'
import { isSeenAs, newestData } from '../../kernel/upcasts.ts'
import type { ArrivedEvent, SagaStart } from './events.ts'
import type { SagaState } from './state.ts'

/** The data of the event that started a saga. Those of a child are as its parent made them, those of a schedule as its caller gave them. Throws `event_version_unknown`, `invalid_declaration`. */
export function dataOfStart({ name, startsOn }: AnySaga, { input, startedBy }: SagaState): unknown {
  if (startedBy.parent || startsOn.length === 0) return input
  const type = startOf(startsOn, startedBy)
  if (type) return newestData(type, { ...startedBy, data: input })
  throw new IndelibleError(
    'invalid_declaration',
    `Saga "${name}" has changed since this one began: "${startedBy.type}" started it, which is no longer under "startsOn". Give it back, then restart, or resume the saga.`,
  )
}

export function dataOfArrived(type: AnyEventType, arrived: unknown): unknown {
  return newestData(type, arrived as ArrivedEvent)
}

/** Of the types that start a saga, the one as which its start is seen. Several may be parts of one recorded event. */
function startOf(startsOn: AnySaga['startsOn'], { type, eventId: id }: SagaStart): AnyEventType | undefined {
  return startsOn.find((each) => isSeenAs(each, { type, id }))
}
