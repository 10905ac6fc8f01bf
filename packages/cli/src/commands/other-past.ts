// The options of `what-if` that say what is to be different in the past.
import type { Command } from 'commander'
import type { Position } from 'indelible'
import type { OtherPast } from 'indelible/history'
import { CliError } from '../errors/index.ts'
import { wholeNumber } from '../options/index.ts'

export interface PastOptions {
  readonly without?: readonly Position[]
  readonly instead?: OtherPast['instead']
  readonly event?: OtherPast['events']
  readonly send?: OtherPast['commands']
}

export function addPast(command: Command): Command {
  return command
    .option('--without <position>', 'an event that did not happen; may be repeated', positions)
    .option(
      '--instead <position=data>',
      'other data of an event, as JSON: 15=\'{"amount":5}\'; may be repeated',
      instead,
    )
    .option('--event <json>', 'one more event: {"after": 15, "stream", "type", "data", …}; may be repeated', events)
    .option(
      '--send <json>',
      'one more command: {"after": 15, "category", "type", "id", "input"}, with --decide; may be repeated',
      commands,
    )
}

export function pastOf({ without, instead, event, send }: PastOptions): OtherPast {
  return { without, instead, events: event, commands: send }
}

function positions(text: string, before: readonly Position[] = []): readonly Position[] {
  return [...before, positionIn(text, '--without')]
}

function instead(text: string, before: OtherPast['instead'] = []): OtherPast['instead'] {
  const [, place = '', json = ''] = /^(\d+)=(.*)$/s.exec(text) ?? []
  return [...before, { position: positionIn(place, '--instead'), data: jsonIn(json, '--instead') }]
}

function events(text: string, before: OtherPast['events'] = []): OtherPast['events'] {
  const { after, ...event } = placed(text, '--event', ['stream', 'type', 'data'])
  return [...before, { after, event: event as never }]
}

function commands(text: string, before: OtherPast['commands'] = []): OtherPast['commands'] {
  const { after, ...command } = placed(text, '--send', ['category', 'type', 'id', 'input'])
  return [...before, { after, command: command as never }]
}

/** An object with a place in the log. */
function placed(
  text: string,
  option: string,
  members: readonly string[],
): { after: Position; [name: string]: unknown } {
  const given = jsonIn(text, option)
  const needed = ['after', ...members]
  const isObject = typeof given === 'object' && given !== null
  const missing = needed.filter((name) => !isObject || !Object.hasOwn(given, name))
  if (missing.length > 0)
    throw new CliError(
      'usage',
      `${option} takes a JSON object with ${needed.join(', ')}: ${missing.join(', ')} is missing.`,
    )
  const { after, ...rest } = given as { after: unknown }
  return { ...rest, after: positionIn(String(after), option) }
}

function positionIn(text: string, option: string): Position {
  return wholeNumber(option, 'a position', 0)(text)
}

function jsonIn(text: string, option: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliError('usage', `${option} takes JSON, not "${text}". In a shell, put it in single quotes.`)
  }
}
