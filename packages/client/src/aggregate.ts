// One aggregate: its commands, its state and its events.
import type { AggregateKind, AnyCommandType } from 'indelible'
import { ClientError, errorTypePrefix, isClientError, type Problem, refusalTypePrefix } from './errors.ts'
import { type FeedOptions, followed } from './feed.ts'
import { newId } from './ids.ts'
import type { Transport } from './transport.ts'
import type { Accepted, InputOf, JsonOf, Named, Outcome, SeenEvent, TypeOf } from './types.ts'

export interface SendOptions {
  /** Sent again with the same id, a command is carried out only once. A new UUID by default. */
  readonly commandId?: string
  /** Carried out only if the aggregate is at this version; 0 if it must not exist yet. Otherwise the outcome is `conflict`. */
  readonly expectedVersion?: number
  /** Shared by everything that one request sets in motion. */
  readonly correlationId?: string
  /** When it is true in the world, if not now: a day or an RFC 3339 date-time. */
  readonly validAt?: string
  readonly signal?: AbortSignal
}

/** A point of history; now without one. */
export interface PointOptions {
  readonly position?: number
  readonly recordedAt?: string
  readonly validAt?: string
  readonly signal?: AbortSignal
}

export interface AggregateSeen<State> {
  readonly category: string
  readonly id: string
  readonly state: State
  readonly version: number
  readonly position: number
  readonly recordedAt: string
}

export interface EventsOptions {
  readonly direction?: 'forwards' | 'backwards'
  /** The position where it begins, itself included. */
  readonly from?: number
  readonly signal?: AbortSignal
}

export interface FollowOptions extends FeedOptions {
  /** Events after this position: 0, the default, for all. */
  readonly after?: number
  /** What `onProgress` said of the history up to there. */
  readonly history?: string
}

/** One aggregate of a system. `Command` are its public commands. */
export interface AggregateClient<Kind extends AggregateKind, Command> {
  /**
   * Sends a command. It is tried again with the same id where no answer comes, so it is carried out at most once. Throws `ClientError`; its details have the
   * `commandId` to send it again with.
   */
  send<const Type extends TypeOf<Command>>(
    type: Type,
    input: InputOf<Named<Command, Type>>,
    options?: SendOptions,
  ): Promise<Outcome<Named<Command, Type>>>
  /** Its state, now or at a point of history. Throws `ClientError` (`aggregate_missing`). */
  state(options?: PointOptions & { readonly version?: number }): Promise<AggregateSeen<JsonOf<Kind['state']>>>
  /** Its events, page by page. Throws `ClientError` (`stream_missing`). */
  events(options?: EventsOptions): AsyncGenerator<SeenEvent<Kind['event']>, void>
  /** Its events, and then new ones as they are recorded. */
  follow(options?: FollowOptions): AsyncGenerator<SeenEvent<Kind['event']>, void>
}

type AnyAggregateClient = AggregateClient<AggregateKind, AnyCommandType>

/** `onAccepted` hears of everything that was written. */
export function aggregateClient(
  transport: Transport,
  { category, id }: { readonly category: string; readonly id: string },
  onAccepted: (outcome: Accepted) => void,
): AnyAggregateClient {
  const stream = `${category}-${id}`
  return {
    async send(type, input, { commandId = newId(), expectedVersion, correlationId, validAt, signal } = {}) {
      const headers = {
        'Idempotency-Key': commandId,
        'If-Match': expectedVersion === undefined ? undefined : `"${expectedVersion}"`,
        'X-Correlation-Id': correlationId,
        'X-Valid-At': validAt,
      }
      const asked = { path: ['commands', category, id, type], body: input ?? null, headers, signal }
      try {
        const { status, body } = await transport.ask(asked, { expected: isOutcome })
        if (status !== 200) return outcomeIn(body as Problem, { commandId, stream }) as never
        onAccepted(body as Accepted)
        return body as Accepted
      } catch (error) {
        if (!isClientError(error)) throw error
        const { code, message, status, details, cause } = error
        throw new ClientError(code, message, {
          ...(status !== undefined && { status }),
          details: { ...details, commandId },
          cause,
        })
      }
    },
    async state({ signal, ...point } = {}) {
      return (await transport.ask({ path: ['aggregates', category, id], query: { ...point }, signal })).body as never
    },
    async *events({ signal, ...first } = {}) {
      let query: Readonly<Record<string, unknown>> = first
      for (;;) {
        const { body } = await transport.ask({ path: ['streams', stream], query, signal })
        const { events, next } = body as { readonly events: readonly never[]; readonly next: string | null }
        yield* events
        if (next === null) return
        query = { ...first, from: parameterIn(next, 'from') }
      }
    },
    async *follow({ after, history, ...options } = {}) {
      const asked = { path: ['streams', stream], query: { after, history } }
      for await (const { kind, data } of followed(transport, asked, options)) if (kind === 'event') yield data as never
    },
  }
}

/** The value of a parameter of a link to the next page. */
export function parameterIn(link: string, name: string): string | undefined {
  return new URL(link, 'http://localhost').searchParams.get(name) ?? undefined
}

const conflicts = ['version_mismatch', 'overtaken'].map((code) => errorTypePrefix + code)

function isOutcome({ type }: Problem): boolean {
  return type.startsWith(refusalTypePrefix) || conflicts.includes(type)
}

function outcomeIn(
  { type, reason, details, version }: Problem,
  sent: { readonly commandId: string; readonly stream: string },
): Outcome {
  const about = { ...sent, version: Number(version) }
  return conflicts.includes(type)
    ? { status: 'conflict', ...about }
    : { status: 'refused', reason: String(reason), details, ...about }
}
