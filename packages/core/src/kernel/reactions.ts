// Reactions and subscriptions: code that follows the log and acts on the outside world. They are called at least once for each event, never by a rebuild.
import { checkedDescription, type Described } from './descriptions.ts'
import { durationMs } from './durations.ts'
import { IndelibleError } from './errors.ts'
import type { AnyEventType, DataOf, RecordedOf } from './event-types.ts'
import type { RecordedEvent } from './events.ts'
import { assertHandler } from './evolving.ts'
import { shown } from './shown.ts'

/** Where a consumer without a checkpoint begins: at the end of the log, or at its first event. */
export type BeginsFrom = 'now' | 'beginning'

/** What a reaction gets besides the event. */
export interface ReactionContext {
  /** The same for each try of this reaction at this event: pass it to services that support idempotency keys. */
  readonly idempotencyKey: string
  /**
   * Aborts when the reaction is stopped or exceeds its timeout. Pass it to everything that waits: if the code does not end shortly after, nothing waits
   * for it any more, and the next try may run beside it. The event is handled again.
   */
  readonly signal: AbortSignal
  /** From 1 on. */
  readonly attempt: number
  /** The W3C traceparent to pass on, for example as a header: that of this try where there is a tracer, else that of the event. */
  readonly traceparent: string | undefined
}

export interface ReactionOptions extends Described {
  /** The default is `now`. */
  readonly from?: BeginsFrom
  /** The number of tries after the first one, with growing waits, before an event is parked. The default is 5. */
  readonly retries?: number
  /** How long one try may take, written like `'500ms'`, `'30s'` or `'5m'`. The default is 30 s. */
  readonly timeout?: string
}

/** A declared reaction. */
export interface Reaction<Name extends string = string> {
  readonly name: Name
  readonly from: BeginsFrom
  readonly retries: number
  readonly timeoutMs: number
  readonly description: string | undefined
  readonly events: readonly AnyEventType[]
  /** By event type. */
  readonly handlers: ReadonlyMap<string, AnyReact>
  /**
   * Declares what to do for an event. Events of one stream are handled in their order, one after the other; events of different streams at the same time. If
   * an event keeps failing, it is parked, and the later events of its stream wait; other streams go on. Returns a reaction with one more event. Throws
   * `invalid_declaration`.
   */
  on<Event extends AnyEventType>(
    event: Event,
    react: (data: DataOf<Event>, event: RecordedOf<Event>, context: ReactionContext) => Promise<void> | void,
  ): Reaction<Name>
}

/** A reaction as the runtime sees it. */
export type AnyReaction = Omit<Reaction, 'on'>

export type AnyReact = (data: unknown, event: RecordedEvent, context: ReactionContext) => Promise<void> | void

/** Declares a reaction: `reaction('mail', { from: 'now' }).on(OrderShipped, async ({ to }, event, { idempotencyKey, signal }) => …)`. Throws `invalid_declaration`. */
export function reaction<const Name extends string>(name: Name, options: ReactionOptions = {}): Reaction<Name> {
  return reactionOf({ name, ...checked('Reaction', name, options) }, [], new Map())
}

function reactionOf<Name extends string>(
  declared: Pick<Reaction<Name>, 'name' | 'from' | 'retries' | 'timeoutMs' | 'description'>,
  events: readonly AnyEventType[],
  handlers: ReadonlyMap<string, AnyReact>,
): Reaction<Name> {
  return {
    ...declared,
    events,
    handlers,
    on(event, react) {
      assertHandler(`Reaction "${declared.name}"`, handlers, event, react)
      return reactionOf(declared, [...events, event], new Map(handlers).set(event.type, react as AnyReact))
    },
  }
}

/** A declared subscription: code that gets the events of some types in the order of the log, in batches. */
export interface Subscription<Name extends string = string> {
  readonly name: Name
  readonly from: BeginsFrom
  readonly retries: number
  readonly timeoutMs: number
  readonly description: string | undefined
  readonly events: readonly AnyEventType[]
  readonly run: (
    events: readonly RecordedEvent[],
    context: Omit<ReactionContext, 'idempotencyKey' | 'traceparent'>,
  ) => Promise<void> | void
}

/**
 * Declares a subscription: `subscription('search', { on: [ProductListed], run: async (events, { signal }) => … })`. The next batch comes when `run` has
 * resolved, and the checkpoint is stored. If a batch keeps failing, its events come one by one, and the subscription is parked at the event that fails.
 * Throws `invalid_declaration`.
 */
export function subscription<const Name extends string, const Events extends readonly AnyEventType[]>(
  name: Name,
  definition: ReactionOptions & {
    readonly on: Events
    readonly run: (
      events: readonly RecordedOf<Events[number]>[],
      context: Omit<ReactionContext, 'idempotencyKey' | 'traceparent'>,
    ) => Promise<void> | void
  },
): Subscription<Name> {
  const { on, run, ...options } = definition ?? {}
  const who = `Subscription "${name}"`
  if (!Array.isArray(on))
    throw new IndelibleError(
      'invalid_declaration',
      `${who} needs a list of events, as in { on: [ProductListed], run }.`,
    )
  const seen = new Set<string>()
  for (const event of on) {
    assertHandler(who, seen, event, run)
    seen.add(event.type)
  }
  return { name, ...checked('Subscription', name, options), events: on, run: run as Subscription['run'] }
}

function checked(kind: string, name: string, options: ReactionOptions) {
  const { from = 'now', retries = 5, timeout = '30s' } = options
  const invalid = (problem: string) => new IndelibleError('invalid_declaration', `${kind} ${shown(name)} ${problem}.`)
  if (typeof name !== 'string' || !/^[A-Za-z]\w{0,59}$/.test(name))
    throw invalid('needs a name of letters, digits and "_", at most 60')
  if (from !== 'now' && from !== 'beginning') throw invalid(`begins from ${shown(from)}. Write "now" or "beginning"`)
  if (!Number.isSafeInteger(retries) || retries < 0)
    throw invalid(`has ${shown(retries)} retries. Write a whole number that is 0 or more`)
  const timeoutMs = durationMs(timeout)
  if (timeoutMs === 0) throw invalid('has a timeout of 0. Write a duration such as "30s"')
  return { from, retries, timeoutMs, description: checkedDescription(`${kind} "${name}"`, options) }
}
