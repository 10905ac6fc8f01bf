// What is to be different in the past, checked: events left out, with other data, or more of them, and commands that nobody gave.
import type { Command } from '../../kernel/commands.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { NewEvent } from '../../kernel/events.ts'
import { position as checkedPosition, type Position } from '../../kernel/positions.ts'
import { shown } from '../../kernel/shown.ts'
import { checkedStreamName } from '../../kernel/streams.ts'
import type { SendOptions } from '../../runtime/commands/outcome.ts'

export interface OtherPast {
  /** The positions of events that did not happen. */
  readonly without?: readonly Position[] | undefined
  /** Events with other data. */
  readonly instead?: readonly { readonly position: Position; readonly data: unknown }[] | undefined
  /** Events that happened too, each after a position. */
  readonly events?: readonly { readonly after: Position; readonly event: NewEvent }[] | undefined
  /** Commands that were given too, each after a position. They need `decide`. */
  readonly commands?: readonly AddedCommand[] | undefined
}

export interface AddedCommand {
  readonly after: Position
  readonly command: Command<string, unknown, unknown>
  readonly options?: SendOptions | undefined
}

/** The changes, by the position at which they apply. */
export class Changes {
  readonly #without: ReadonlySet<Position>
  readonly #instead: ReadonlyMap<Position, unknown>
  readonly #events: ReadonlyMap<Position, readonly NewEvent[]>
  readonly #commands: ReadonlyMap<Position, readonly AddedCommand[]>
  /** The first position that may be different. Undefined if nothing is. */
  readonly first: Position | undefined

  /** Throws `invalid_position` for a position that a log of this length does not have, or that is named twice. */
  constructor({ without = [], instead = [], events = [], commands = [] }: OtherPast, end: Position) {
    const at = [...without, ...instead.map(({ position }) => position)]
    for (const each of at) if (checkedPosition(each) < 1 || each > end) throw noEvent(each, end)
    if (new Set(at).size < at.length)
      throw new IndelibleError('invalid_position', 'An event is left out or changed twice. Name each position once.')
    const after = [...events, ...commands].map((each) => each.after)
    for (const each of after) if (checkedPosition(each) > end) throw noEvent(each, end)
    for (const { event } of events) checkEvent(event)
    for (const { command } of commands) if (!isObject(command)) throw notGiven('invalid_command', 'command', command)
    this.#without = new Set(without)
    this.#instead = new Map(instead.map(({ position, data }) => [position, data]))
    this.#events = grouped(events.map(({ after: place, event }) => [place, event]))
    this.#commands = grouped(commands.map((each) => [each.after, each]))
    const first = [...at, ...after.map((each) => each + 1)].reduce((least, each) => Math.min(least, each), end + 2)
    this.first = first > end + 1 ? undefined : first
  }

  isLeftOut(position: Position): boolean {
    return this.#without.has(position)
  }

  isChanged(position: Position): boolean {
    return this.#instead.has(position)
  }

  /** The data of an event that is changed. */
  dataAt(position: Position): unknown {
    return this.#instead.get(position)
  }

  eventsAfter(position: Position): readonly NewEvent[] {
    return this.#events.get(position) ?? []
  }

  commandsAfter(position: Position): readonly AddedCommand[] {
    return this.#commands.get(position) ?? []
  }
}

function grouped<Value>(entries: readonly (readonly [Position, Value])[]): ReadonlyMap<Position, readonly Value[]> {
  const groups = new Map<Position, Value[]>()
  for (const [position, value] of entries) {
    const group = groups.get(position)
    if (group) group.push(value)
    else groups.set(position, [value])
  }
  return groups
}

/** The form of what may come from outside as JSON. The rest is checked when it is appended. */
function checkEvent(event: NewEvent): void {
  if (!isObject(event)) throw notGiven('invalid_event', 'event', event)
  checkedStreamName(event.stream)
  const { tags = [] } = event
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return
  throw new IndelibleError(
    'invalid_event',
    `The tags of an event that is added are a list of texts, not ${shown(tags)}.`,
  )
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function notGiven(code: 'invalid_event' | 'invalid_command', what: string, value: unknown): IndelibleError {
  return new IndelibleError(
    code,
    `What is added is an object with "after" and "${what}". The ${what} is ${shown(value)}.`,
  )
}

function noEvent(position: Position, end: Position): IndelibleError {
  return new IndelibleError('invalid_position', `There is no event at ${position}: the log has positions 1 to ${end}.`)
}
