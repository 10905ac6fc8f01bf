// Policies: on an event, send commands. Choreography needs no state; what needs one is a saga.
import type { AnyCommandType } from '../commands.ts'
import { checkedDescription } from '../descriptions.ts'
import { IndelibleError } from '../errors.ts'
import type { AnyEventType, DataOf, RecordedOf } from '../event-types.ts'
import type { RecordedEvent } from '../events.ts'
import { assertHandler } from '../evolving.ts'
import type { BeginsFrom } from '../reactions.ts'
import { shown } from '../shown.ts'
import { checkedName } from './flow-checks.ts'

/** `park`: the event is parked until a person resumes the policy. `ignore`: the policy goes on. */
export type OnRefused = 'park' | 'ignore'

/** What a policy sends for one event: a command, several, or none. */
export type Sent<Sends extends readonly AnyCommandType[]> =
  | ReturnType<Sends[number]>
  | readonly ReturnType<Sends[number]>[]
  | undefined

/** A declared policy. */
export interface Policy<Sends extends readonly AnyCommandType[] = readonly AnyCommandType[]> {
  readonly name: string
  readonly description: string | undefined
  readonly from: BeginsFrom
  /** Every command that it may send. */
  readonly sends: Sends
  readonly onRefused: OnRefused
  readonly events: readonly AnyEventType[]
  /** By event type. */
  readonly handlers: ReadonlyMap<string, (data: unknown, event: RecordedEvent) => unknown>
  /**
   * Says what to send on an event. Pure: it may be called again after a crash. Each command is carried out once, whatever crashes. Events of one stream
   * come one after the other. Gives a policy with one more event. Throws `invalid_declaration`.
   */
  on<Event extends AnyEventType>(
    event: Event,
    send: (data: DataOf<Event>, event: RecordedOf<Event>) => Sent<Sends>,
  ): Policy<Sends>
}

/**
 * Declares a policy: `policy('welcome', { sends: [SendWelcome] }).on(AccountOpened, ({ owner }, { streamId }) => SendWelcome(streamId, { owner }))`.
 * Throws `invalid_declaration`.
 */
export function policy<const Sends extends readonly AnyCommandType[]>(
  name: string,
  definition: {
    /** For people who read the generated documents: what it means in the domain. */
    readonly description?: string | undefined
    readonly sends: Sends
    /** Where a policy begins that has no checkpoint yet. `now` when left out. */
    readonly from?: BeginsFrom
    /** What happens when a command is refused. `park` when left out. */
    readonly onRefused?: OnRefused
  },
): Policy<Sends> {
  checkedName('A policy', name)
  const { sends, from = 'now', onRefused = 'park' } = definition
  const who = `Policy "${name}"`
  if (!Array.isArray(sends) || !sends.every((each) => typeof each?.type === 'string'))
    throw invalid(`${who} needs the commands that it sends: sends: [SendWelcome].`)
  if (from !== 'now' && from !== 'beginning')
    throw invalid(`${who} begins from ${shown(from)}: write "now" or "beginning".`)
  if (onRefused !== 'park' && onRefused !== 'ignore')
    throw invalid(`${who} has ${shown(onRefused)} under "onRefused": write "park" or "ignore".`)
  return policyOf({
    name,
    description: checkedDescription(who, definition),
    from,
    sends,
    onRefused,
    events: [],
    handlers: new Map(),
  })
}

function policyOf<Sends extends readonly AnyCommandType[]>(declared: Omit<Policy<Sends>, 'on'>): Policy<Sends> {
  return {
    ...declared,
    on(event, send) {
      const { name, events, handlers } = declared
      assertHandler(`Policy "${name}"`, handlers, event, send)
      return policyOf({
        ...declared,
        events: [...events, event],
        handlers: new Map(handlers).set(event.type, send as never),
      })
    },
  }
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_declaration', message)
}
