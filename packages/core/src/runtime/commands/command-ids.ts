// What a command id stands for: a command that was carried out, or a claim, after which no command with this id is carried out any more.
import type { RecordedEvent } from '../../kernel/events.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import type { Position } from '../../kernel/positions.ts'
import { isReserved, refuseReservedCommandId } from '../../kernel/reserved.ts'
import { streamName } from '../../kernel/streams.ts'
import { tracedBy } from '../../kernel/traceparent.ts'
import type { EventStore } from '../../store/port.ts'
import { type Append, appendTo, type Telemetry } from '../telemetry/index.ts'

/** The category of the streams that record claims. Each claim has a stream. */
const claimCategory = '$claim'

export interface CommandClaim {
  /** The command that must not be carried out any more. */
  readonly commandId: string
  /** Why. It is recorded, and so are the details. */
  readonly reason: string
  readonly details: unknown
}

/** The command is not carried out any more, for the reason that was recorded with the first claim. */
export interface Claimed {
  readonly status: 'claimed'
  readonly reason: string
  readonly details: unknown
  /** Of the claim in the log. */
  readonly position: Position
}

/** `carriedOut`: the command was carried out before anybody claimed its id. */
export type ClaimOutcome =
  | Claimed
  | { readonly status: 'carriedOut' /** Of its last event. */; readonly position: Position }

/** `unknown`: no commit has this id. The command was not carried out yet, or had nothing to record. */
export type CommandFound =
  | Claimed
  | { readonly status: 'carriedOut'; readonly position: Position; readonly events: readonly RecordedEvent[] }
  | { readonly status: 'unknown' }

export interface CommandIdsOptions {
  readonly store: EventStore
  readonly ids: IdGenerator
  readonly telemetry: Telemetry
}

export class CommandIds {
  readonly #store: EventStore
  readonly #ids: IdGenerator
  readonly #append: Append

  constructor({ store, ids, telemetry }: CommandIdsOptions) {
    this.#store = store
    this.#append = appendTo(store, telemetry)
    this.#ids = ids
  }

  /** Durable when it resolves. The same claim again has the same outcome. Throws `reserved_name`, and what the store throws. */
  async claim(
    { commandId, reason, details }: CommandClaim,
    { actor, traceparent }: { readonly actor?: string | undefined; readonly traceparent?: string | undefined } = {},
  ): Promise<ClaimOutcome> {
    refuseReservedCommandId(commandId)
    const id = this.#ids()
    const stream = streamName(claimCategory, id)
    const data = { commandId, reason, details }
    const metadata = {
      ...(actor === undefined ? {} : { actor }),
      commandId,
      correlationId: commandId,
      ...tracedBy(traceparent),
    }
    const claim = { id, stream, type: '$CommandClaimed', data, metadata }
    const outcome = await this.#append({ events: [claim], commandId }, { reserved: true }, traceparent)
    if (outcome.status === 'written') return { status: 'claimed', reason, details, position: outcome.lastPosition }
    const found = await this.find(commandId)
    return found.status === 'carriedOut' ? { status: 'carriedOut', position: found.position } : (found as Claimed)
  }

  async find(commandId: string): Promise<CommandFound> {
    const commit = await this.#store.findCommit(commandId)
    if (!commit) return { status: 'unknown' }
    const { firstPosition: from, lastPosition: to } = commit
    const batches = await Array.fromAsync(this.#store.read('all', { from, to, reserved: true }))
    const events = batches.flatMap((batch) => batch.events)
    const [first] = events
    if (!first || !isReserved(first.stream)) return { status: 'carriedOut', position: to, events }
    // A saga claims the id of a command of its own with the turn that records why.
    const { reason = first.type, details = {} } = first.data as Partial<CommandClaim>
    return { status: 'claimed', reason, details, position: from }
  }
}
