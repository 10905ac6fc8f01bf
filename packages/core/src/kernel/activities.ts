// Activities: what an HTTP service does for this system. Sagas and policies send one like a command; the answer of the service is recorded as an event.
import { type AnyCommandType, type CommandHome, type CommandType, commandType } from './commands.ts'
import { IndelibleError } from './errors.ts'
import type { AnyEventType, RecordedOf } from './event-types.ts'
import type { Refusable, RefusalOf } from './refusals.ts'
import { checkedCategory } from './reserved.ts'
import type { Schema } from './schemas.ts'
import { faultOfCall, faultOfPath, type ServiceCall, serviceCall } from './service-calls.ts'
import { shown } from './shown.ts'

/** How an activity is carried out, as data. */
export interface ActivityCalls {
  /** The name of the service. Its address belongs to the configuration. */
  readonly service: string
  readonly call: ServiceCall
  /** The reasons of refusals, by the HTTP status that the service answers with. */
  readonly refusedBy: Readonly<Record<number, string>>
  /** Asks the service not to do any more what has this idempotency key. */
  readonly giveUp: ServiceCall | undefined
  /** The statuses that say so besides 2xx and 410. */
  readonly givenUpBy: readonly number[]
}

/** A command that an HTTP service carries out. */
export interface ActivityType<Type extends string = string, Input = unknown, No = unknown, Event = unknown>
  extends CommandType<Type, Input, No, CommandHome<Event>> {
  readonly activity: ActivityCalls
}

// biome-ignore lint/suspicious/noExplicitAny: any activity, whatever its input
export type AnyActivityType = ActivityType<string, any, any, any>

/** `'POST /authorisations'`. */
type CallText = `${ServiceCall['method']} /${string}`

/**
 * Declares an activity: `activity('AuthorisePayment', { service: 'payments', input, call: 'POST /authorisations', emits: PaymentAuthorised, refuses: { 402: 'CardDeclined' } })`.
 * The service gets the input as JSON, and an `Idempotency-Key` which is the same whenever it is asked again: it must do the same thing once and give the same
 * answer for one key. Its answer (2xx) is the data of the event, in the stream `<service>-<id>`. Where no answer comes, or 408, 409, 425, 429 or 5xx, it is
 * asked again. Throws `invalid_declaration`.
 */
export function activity<
  const Type extends string,
  Input,
  Given,
  Event extends AnyEventType,
  const Refuses extends Readonly<Record<number, Refusable>> = Readonly<Record<number, never>>,
>(
  type: Type,
  definition: {
    /** For people who read the generated documents: what it means in the domain. */
    readonly description?: string | undefined
    /** The name of the service: a configuration says where it is. */
    readonly service: string
    readonly input: Schema<Input, Given>
    /** The request: its method and path. The members of the input that are not in the path are its JSON body, or the query of a GET or DELETE. */
    readonly call: CallText
    /** The event that records the answer. */
    readonly emits: Event
    /** What the service refuses: the reason of each status. A refusal with a schema gets the JSON body of the answer as its details. */
    readonly refuses?: Refuses
    /**
     * The request that asks the service not to do it any more: `'DELETE /authorisations/{idempotencyKey}'`. 2xx and 410 say that it never will, also where
     * the request itself comes later; 409 says that it was decided, or is under way. A step with a `timeout` needs it, because a timeout does not say what
     * the service did.
     */
    readonly giveUp?: CallText
    /** Other statuses by which this service says that it never will: `[404]`, only if it remembers a key that it answered so, and refuses it from then on. */
    readonly givenUpBy?: readonly number[]
  },
): ActivityType<Type, Given, RefusalOf<Refuses[keyof Refuses]>, RecordedOf<Event>> {
  const { service, input, emits, refuses = {} as Refuses, givenUpBy = [] } = definition
  const who = `The activity "${type}"`
  checkedCategory(service)
  if (typeof emits?.type !== 'string')
    throw invalid(`${who} needs the event that records the answer: emits: PaymentAuthorised.`)
  for (const status of Object.keys(refuses)) checkStatus(`${who} refuses by the status`, status)
  for (const status of givenUpBy) checkStatus(`${who} is given up by the status`, status)
  if (givenUpBy.length > 0 && definition.giveUp === undefined)
    throw invalid(`${who} has "givenUpBy", but no request that it answers. Add giveUp: 'DELETE /…/{idempotencyKey}'.`)
  const made = commandType(type, {
    description: definition.description,
    category: service,
    aggregate: undefined,
    input,
    emits: [emits],
    refuses: Object.values(refuses),
    visibility: 'internal',
    decide: () => {
      throw invalid(`${who} is carried out by the service "${service}". Send it by a saga or a policy.`)
    },
  })
  const reasons = Object.keys(refuses).map((status, index) => [status, made.refuses[index]!.reason])
  const calls: ActivityCalls = {
    service,
    call: callOf(who, definition.call),
    refusedBy: Object.fromEntries(reasons),
    giveUp: definition.giveUp === undefined ? undefined : callOf(who, definition.giveUp),
    givenUpBy,
  }
  if (calls.giveUp && !calls.giveUp.path.includes('{'))
    throw invalid(`${who} does not say what is given up. Put {idempotencyKey} into the path of "giveUp".`)
  const fault = faultOfCall(input, calls.call) ?? (calls.giveUp && faultOfPath(input, calls.giveUp))
  if (fault !== undefined) throw invalid(`${who} ${fault}`)
  return asActivity(made, calls) as never
}

/** Statuses after which nobody knows what the service did, besides 5xx. With 409 it says that a request with the same key is under way. */
export const retriedStatuses: readonly number[] = [408, 409, 425, 429]

export function isActivity(type: AnyCommandType): type is AnyActivityType {
  return 'activity' in type
}

function checkStatus(what: string, status: string | number): void {
  if (/^4\d\d$/.test(String(status)) && !retriedStatuses.includes(Number(status))) return
  throw invalid(
    `${what} ${status}. Use a status from 400 to 499 other than ${retriedStatuses.join(', ')}, after which the service is asked again.`,
  )
}

function asActivity(type: AnyCommandType, calls: ActivityCalls): AnyActivityType {
  const make = (id: string, input: unknown) => ({ ...type(id, input), service: calls.service })
  return Object.assign(make, { ...type, activity: calls }) as AnyActivityType
}

function callOf(who: string, text: unknown): ServiceCall {
  const call = serviceCall(text)
  if (call) return call
  throw invalid(`${who} makes the request ${shown(text)}. Write a method and a path: 'POST /authorisations/{order}'.`)
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_declaration', message)
}
