// Who and what made a change: its event, and what the log knows of the command behind it.
import type { EventMetadata, RecordedEvent } from '../kernel/events.ts'
import type { Position, Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import type { Instant, ValidTime } from '../kernel/time.ts'
import type { EventStore } from '../store/port.ts'

export interface Cause {
  readonly event: string
  readonly eventId: string
  readonly stream: StreamName
  readonly version: Version
  readonly position: Position
  readonly recordedAt: Instant
  readonly validAt?: ValidTime
  /** A late correction: it was true before something that was known already. */
  readonly isLate: boolean
  readonly actor?: string
  /** The type of the command, where it was recorded. */
  readonly command?: string
  readonly commandId?: string
  readonly correlationId?: string
  readonly causationId?: string
  /** Why, as the metadata or the data of the event say in `reason`. */
  readonly reason?: string
  /** A hint to the code that decided, where it was recorded. */
  readonly code?: string
}

/** Finds what is known of commands. The first event of a commit says it for all. */
export class Causes {
  readonly #store: Pick<EventStore, 'findCommit' | 'read'>
  readonly #commands = new Map<string, Promise<CommandKnown>>()

  constructor(store: Pick<EventStore, 'findCommit' | 'read'>) {
    this.#store = store
  }

  async of(event: RecordedEvent, isLate: boolean): Promise<Cause> {
    const { metadata, type, id, stream, version, position, recordedAt, validAt } = event
    const { actor, commandId, correlationId, causationId } = metadata
    const known = commandIn(metadata) ?? (await this.#commandOf(commandId))
    const reason = reasonIn(metadata) ?? reasonIn(event.data)
    const place = { event: type, eventId: id, stream, version, position, recordedAt }
    const optional = { validAt, actor, ...known, commandId, correlationId, causationId, reason }
    return {
      ...place,
      isLate,
      ...(Object.fromEntries(Object.entries(optional).filter(([, each]) => each !== undefined)) as Partial<Cause>),
    }
  }

  async #commandOf(commandId: unknown): Promise<CommandKnown> {
    if (typeof commandId !== 'string' || commandId === '') return {}
    const finding = this.#commands.get(commandId) ?? this.#find(commandId)
    this.#commands.set(commandId, finding)
    return await finding
  }

  async #find(commandId: string): Promise<CommandKnown> {
    const position = (await this.#store.findCommit(commandId))?.firstPosition
    if (position === undefined) return {}
    for await (const { events } of this.#store.read('all', { from: position, to: position, reserved: true })) {
      for (const { metadata } of events) return commandIn(metadata) ?? {}
    }
    return {}
  }
}

type CommandKnown = Pick<Cause, 'command' | 'code'>

export function commandIn({ command }: EventMetadata): CommandKnown | undefined {
  if (typeof command !== 'object' || command === null) return undefined
  const { type, code } = command as { type?: unknown; code?: unknown }
  return { ...(typeof type === 'string' && { command: type }), ...(typeof code === 'string' && { code }) }
}

export function reasonIn(from: unknown): string | undefined {
  const reason = typeof from === 'object' && from !== null ? (from as { reason?: unknown }).reason : undefined
  return typeof reason === 'string' ? reason : undefined
}
