// Handlers that make a state from events, for aggregates and decision models.
import { IndelibleError } from './errors.ts'
import type { AnyEventType, DomainEvent } from './event-types.ts'
import type { RecordedEvent } from './events.ts'
import { isReserved } from './reserved.ts'

export type Evolve<State> = (state: State, data: unknown, event: DomainEvent) => State

/** The events that have a handler, in order of declaration, and the handlers by event type. */
export interface EventHandlers<State> {
  readonly events: readonly AnyEventType[]
  readonly byType: ReadonlyMap<string, Evolve<State>>
}

export function noHandlers<State>(): EventHandlers<State> {
  return { events: [], byType: new Map() }
}

/** Throws `invalid_declaration`. */
export function withHandler<State>(
  who: string,
  { events, byType }: EventHandlers<State>,
  event: AnyEventType,
  evolve: Evolve<State>,
): EventHandlers<State> {
  assertHandler(who, byType, event, evolve)
  return { events: [...events, event], byType: new Map(byType).set(event.type, evolve) }
}

/** For users without a compiler, which would find this too. Throws `invalid_declaration`. */
export function assertHandler(
  who: string,
  known: { has(type: string): boolean },
  event: AnyEventType,
  handler: unknown,
): void {
  if (typeof event?.type !== 'string' || event.version === undefined)
    throw new IndelibleError(
      'invalid_declaration',
      `${who}: "on" takes a declared event, such as event('FundsWithdrawn', …).`,
    )
  if (typeof handler !== 'function')
    throw new IndelibleError('invalid_declaration', `${who} has no function for "${event.type}".`)
  if (known.has(event.type))
    throw new IndelibleError('invalid_declaration', `${who} has two handlers for "${event.type}". Keep one.`)
}

/** Throws `event_type_unknown` for an event that has no handler: a state without it could be wrong. */
export function evolveBy<State>(
  who: string,
  { byType }: EventHandlers<State>,
  state: State,
  event: DomainEvent,
): State {
  const handler = byType.get(event.type)
  if (!handler) {
    const { type } = event
    const { stream, position } = event as Partial<RecordedEvent>
    throw new IndelibleError(
      'event_type_unknown',
      `${who} does not know "${type}"${placeOf(event)}. Add .on(${type}, …), declare what it is now with .formerly(…), or find out what wrote it.`,
      { details: { type, stream, position } },
    )
  }
  return handler(state, event.data, evolvable(event))
}

/** What handlers see of an event. It is the same for a recorded event and for a new one. */
function evolvable({ type, schemaVersion, data, tags = noTags, validAt }: DomainEvent): DomainEvent {
  return {
    type,
    schemaVersion,
    data,
    tags: tags.some(isReserved) ? tags.filter((tag) => !isReserved(tag)) : tags,
    validAt,
  }
}

const noTags: readonly string[] = Object.freeze([])

/** The place of an event in the log, for messages; nothing if it is not recorded yet. */
export function placeOf(event: object): string {
  const { stream, position } = event as Partial<RecordedEvent>
  return stream === undefined || position === undefined ? '' : ` (${stream}, position ${position})`
}
