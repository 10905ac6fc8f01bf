// A command after its checks: a copy with an id and a time. And its events in the form in which they are recorded.
import { canonicalText } from '../../kernel/canonical.ts'
import type { AnyCommandType, Command } from '../../kernel/commands.ts'
import { settledData, settledText } from '../../kernel/encoding.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { DomainEvent } from '../../kernel/event-types.ts'
import type { EventMetadata, NewEvent } from '../../kernel/events.ts'
import { fingerprint } from '../../kernel/fingerprint.ts'
import { deepFreeze } from '../../kernel/freeze.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import { version as checkedVersion, type Position } from '../../kernel/positions.ts'
import type { RecordedCommand } from '../../kernel/recorded-command.ts'
import { messageOf, shown } from '../../kernel/shown.ts'
import type { StreamName } from '../../kernel/streams.ts'
import { type Clock, epochMs, type Instant, instant } from '../../kernel/time.ts'
import { recordedId } from '../../kernel/viewed-event.ts'
import type { Guard } from '../guard/index.ts'
import { unlikeJson } from './json-likeness.ts'
import type { SendOptions } from './outcome.ts'

export interface Envelope {
  readonly type: AnyCommandType
  readonly command: Command
  readonly stream: StreamName
  readonly commandId: string
  readonly issuedAt: Instant
  /** The output of the schema. */
  readonly input: unknown
  /** The input as it was given, as JSON without the members that are undefined, or what JSON would change in it. The caller may change the input while the command waits. */
  readonly given: { readonly json: string } | { readonly notJson: string }
  /** Set if the caller chose the command id: a second command with that id must have the same hash. */
  readonly requestHash: string | undefined
  readonly options: SendOptions
}

/** Throws `invalid_command`, `invalid_stream_name`, `invalid_time`, `invalid_position`. */
export function envelopeOf(
  type: AnyCommandType,
  command: Command,
  options: SendOptions,
  { clock, ids, guard }: { readonly clock: Clock; readonly ids: IdGenerator; readonly guard: Guard },
): Envelope {
  checkOptions(type, options)
  const stream = type.stream(command.id)
  const notJson = unlikeJson(command.input, { isLenient: true })
  const given = notJson === undefined ? { json: JSON.stringify(command.input) } : { notJson }
  const input = inputOf(type, command, { guard, isPlain: notJson === undefined })
  return {
    type,
    command,
    stream,
    commandId: options.commandId ?? ids(),
    issuedAt: instant(clock.now()),
    input,
    given,
    requestHash: options.commandId === undefined ? undefined : hashOf(command, input),
    // A part of an event is not in the log.
    options: options.causationId === undefined ? options : { ...options, causationId: recordedId(options.causationId) },
  }
}

/** The event as it is recorded. The handlers of the aggregate see the same. */
export function newEvent(
  event: DomainEvent,
  { stream, commandId, issuedAt, requestHash, options }: Envelope,
  recorded?: (data: unknown) => RecordedCommand,
): NewEvent & DomainEvent {
  // If the command has no cause, the command itself is the cause of the event.
  const { actor, causationId = commandId, traceparent, correlationId = commandId, metadata } = options
  const known: EventMetadata = {
    ...(actor === undefined ? {} : { actor }),
    commandId,
    correlationId,
    causationId,
    ...(traceparent === undefined ? {} : { traceparent }),
    issuedAt,
    ...(requestHash === undefined ? {} : { requestHash }),
  }
  const validAt = event.validAt ?? options.validAt
  const data = settledData(event)
  return {
    stream,
    type: event.type,
    schemaVersion: event.schemaVersion,
    data,
    metadata: { ...metadata, ...known, ...(recorded ? { command: recorded(data) } : {}) },
    ...(event.tags ? { tags: event.tags } : {}),
    ...(validAt === undefined ? {} : { validAt }),
  }
}

/** What is recorded of a command with its first event, whose data are given. */
export function recordedCommand(
  { type: { type, code, consults }, given, options: { validAt } }: Envelope,
  factsAt: Position,
  data: unknown,
): RecordedCommand {
  const input = 'notJson' in given ? given : given.json === settledText(data) ? {} : { input: JSON.parse(given.json) }
  const consulted = Object.keys(consults).length === 0 ? {} : { factsAt }
  return { type, code, ...input, ...(validAt === undefined ? {} : { validAt }), ...consulted }
}

/** A command as it is read back from the log, if it is to be sent later. Throws `invalid_command`. */
export function recordableCopy({ type, category, id, input }: Command): Command {
  try {
    return JSON.parse(JSON.stringify({ type, category, id, input }))
  } catch (cause) {
    throw new IndelibleError('invalid_command', `The input of ${type} is not JSON: ${messageOf(cause)}`, { cause })
  }
}

const textOptions = ['commandId', 'actor', 'correlationId', 'causationId', 'traceparent'] as const

function checkObject(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))) return
  throw new IndelibleError('invalid_command', `The ${name} of a command must be an object, not ${shown(value)}.`)
}

function checkOptions(type: AnyCommandType, options: SendOptions): void {
  checkObject('options', options)
  checkObject('metadata', options?.metadata)
  const { validAt, expectedVersion } = options
  for (const name of textOptions) {
    const text = options[name]
    if (text === undefined || typeof text === 'string') continue
    throw new IndelibleError('invalid_command', `The ${name} of a command must be text, not ${shown(text)}.`)
  }
  if (validAt !== undefined) epochMs(validAt)
  if (expectedVersion === undefined) return
  checkedVersion(expectedVersion)
  if (type.aggregate) return
  throw new IndelibleError(
    'invalid_command',
    `The command ${type.type} has no aggregate, so it cannot expect a version. The facts that it consults are checked automatically.`,
  )
}

/**
 * The output of the schema. The schema gets a copy: the caller may change the input while the command waits, and a schema may return its input. Throws
 * `invalid_command`.
 */
export function inputOf(
  type: AnyCommandType,
  { input }: Command,
  { guard, isPlain = false }: { readonly guard: Guard; readonly isPlain?: boolean },
): unknown {
  const own = isPlain ? plainCopy(input) : copyOf(input, type)
  if (!guard.isWatching) return type.parse(own)
  const what = `the schema of the input of ${type.category}/${type.type}`
  return deepFreeze(guard.callOnce(what, () => type.parse(deepFreeze(own))))
}

/** A copy of a value that is like JSON. It is ten times as fast as the copy of anything. */
function plainCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plainCopy)
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const member = plainCopy((value as Record<string, unknown>)[key])
    if (key !== '__proto__') copy[key] = member
    else Object.defineProperty(copy, key, { value: member, writable: true, enumerable: true, configurable: true })
  }
  return copy
}

/** Throws `invalid_command`. */
function copyOf(input: unknown, { type }: AnyCommandType): unknown {
  try {
    return structuredClone(input)
  } catch (cause) {
    throw new IndelibleError('invalid_command', `The input of ${type} cannot be copied: ${messageOf(cause)}`, { cause })
  }
}

/** The hash of the output of the schema. If that cannot be compared (private fields), the hash of the given input. Throws `invalid_command`. */
function hashOf({ type, input: given }: Command, input: unknown): string {
  const text = canonicalText(input, { withoutUndefined: true }) ?? canonicalText(given, { withoutUndefined: true })
  if (text !== undefined) return fingerprint([type, text])
  throw new IndelibleError(
    'invalid_command',
    `The input of ${type} contains something that cannot be compared, such as a function. Send it without a command id, or use plain data.`,
  )
}
