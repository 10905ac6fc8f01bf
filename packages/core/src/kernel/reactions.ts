// Reactions and subscriptions: code that follows the log and acts on the outside world. They are called at least once for each event, never by a rebuild.
import { durationMs } from './durations.ts'
import { IndelibleError } from './errors.ts'
import type { AnyEventType, DataOf, RecordedOf } from './event-types.ts'
import type { RecordedEvent } from './events.ts'
import { assertHandler } from './evolving.ts'
import { shown } from './shown.ts'

/** Where a consumer begins that has no checkpoint yet: at the end of the log, or at its first event. */
export type BeginsFrom = 'now' | 'beginning'

/** What a reaction is given besides the event. */
export interface ReactionContext {
  /** The same for each try at this event by this reaction: hand it to services that do a thing once for a key. */
  readonly idempotencyKey: string
  /**
   * Aborts when the reaction is stopped or takes longer than its timeout. Hand it on to whatever waits: code that has not ended a moment later is left
   * alone, and the next try may run beside it. Whatever was under way then is tried again.
   */
  readonly signal: AbortSignal
  /** From 1 on. */
  readonly attempt: number
}

export interface ReactionOptions {
  /** `now` when left out. */
  readonly from?: BeginsFrom
  /** Tries after the first, with growing waits between, before an event is parked. 5 when left out. */
  readonly retries?: number
  /** How long one try may take, written like `'500ms'`, `'30s'` or `'5m'`. 30 s when left out. */
  readonly timeout?: string
}

/** A declared reaction. */
export interface Reaction<Name extends string = string> {
  readonly name: Name
  readonly from: BeginsFrom
  readonly retries: number
  readonly timeoutMs: number
  readonly events: readonly AnyEventType[]
  /** By event type. */
  readonly handlers: ReadonlyMap<string, AnyReact>
  /**
   * Says what to do on an event. Events of one stream come one after the other in their order; those of different streams at the same time. One that keeps
   * failing is parked with the later ones of its stream, and the others go on. Gives a reaction with one more event. Throws `invalid_declaration`.
   */
  on<Event extends AnyEventType>(
    event: Event,
    react: (data: DataOf<Event>, event: RecordedOf<Event>, context: ReactionContext) => Promise<void> | void,
  ): Reaction<Name>
}

export type AnyReact = (data: unknown, event: RecordedEvent, context: ReactionContext) => Promise<void> | void

/** Declares a reaction: `reaction('mail', { from: 'now' }).on(OrderShipped, async ({ to }, event, { idempotencyKey, signal }) => …)`. Throws `invalid_declaration`. */
export function reaction<const Name extends string>(name: Name, options: ReactionOptions = {}): Reaction<Name> {
  return reactionOf({ name, ...checked('Reaction', name, options) }, [], new Map())
}

function reactionOf<Name extends string>(
  declared: Pick<Reaction<Name>, 'name' | 'from' | 'retries' | 'timeoutMs'>,
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

/** A declared subscription: code that is given the events of some types in the order of the log, in batches. */
export interface Subscription<Name extends string = string> {
  readonly name: Name
  readonly from: BeginsFrom
  readonly retries: number
  readonly timeoutMs: number
  readonly events: readonly AnyEventType[]
  readonly run: (
    events: readonly RecordedEvent[],
    context: Omit<ReactionContext, 'idempotencyKey'>,
  ) => Promise<void> | void
}

/**
 * Declares a subscription: `subscription('search', { on: [ProductListed], run: async (events, { signal }) => … })`. The next batch comes when `run` has
 * resolved, and the checkpoint is kept. Where a batch keeps failing, its events come one by one; at the one that fails alone the subscription is parked.
 * Throws `invalid_declaration`.
 */
export function subscription<const Name extends string, const Events extends readonly AnyEventType[]>(
  name: Name,
  definition: ReactionOptions & {
    readonly on: Events
    readonly run: (
      events: readonly RecordedOf<Events[number]>[],
      context: Omit<ReactionContext, 'idempotencyKey'>,
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

function checked(kind: string, name: string, { from = 'now', retries = 5, timeout = '30s' }: ReactionOptions) {
  const invalid = (problem: string) => new IndelibleError('invalid_declaration', `${kind} ${shown(name)} ${problem}.`)
  if (typeof name !== 'string' || !/^[A-Za-z]\w{0,59}$/.test(name))
    throw invalid('needs a name of letters, digits and "_", at most 60')
  if (from !== 'now' && from !== 'beginning') throw invalid(`begins from ${shown(from)}: write "now" or "beginning"`)
  if (!Number.isSafeInteger(retries) || retries < 0)
    throw invalid(`has ${shown(retries)} retries: give a whole number from 0 on`)
  const timeoutMs = durationMs(timeout)
  if (timeoutMs === 0) throw invalid('has a timeout of nothing: write a duration such as "30s"')
  return { from, retries, timeoutMs }
}
