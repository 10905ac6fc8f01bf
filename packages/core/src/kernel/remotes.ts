// Another Indelible system, declared by the commands that this one sends to it and the events that it hears from it.
import type { AnyCommandType } from './commands.ts'
import { checkedDescription } from './descriptions.ts'
import { type AnyEventType, type EventType, renamedBy } from './event-types.ts'
import { checkedName, invalid } from './processes/index.ts'
import type { BeginsFrom } from './reactions.ts'
import { shown } from './shown.ts'

/** Another system as this one knows it. */
export interface RemoteSystem<
  Name extends string = string,
  Commands extends readonly AnyCommandType[] = readonly AnyCommandType[],
  Events extends readonly AnyEventType[] = readonly AnyEventType[],
> {
  readonly name: Name
  /** Where its events begin for a log that has heard nothing of it yet. */
  readonly from: BeginsFrom
  readonly description: string | undefined
  /** Its commands, by their types, for sagas and policies. */
  readonly commands: CommandsByType<Commands>
  /** Its events, by their types there. Here each has the name of the system before its own: `partner.TransferReceived`. */
  readonly events: EventsByType<Name, Events>
}

/** Any other system, whatever is known of it. */
export interface AnyRemoteSystem {
  readonly name: string
  readonly from: BeginsFrom
  readonly description: string | undefined
  readonly commands: Readonly<Record<string, AnyCommandType>>
  readonly events: Readonly<Record<string, AnyEventType>>
}

type CommandsByType<Commands extends readonly AnyCommandType[]> = {
  readonly [Each in Commands[number] as Each['type']]: Each
}

type EventsByType<Name extends string, Events extends readonly AnyEventType[]> = {
  readonly [Each in Events[number] as Each['type']]: Each extends EventType<infer Type, infer Data, infer Input>
    ? EventType<`${Name}.${Type}`, Data, Input>
    : never
}

/**
 * Declares another system: `remoteSystem('partner', { commands: [ReceiveTransfer], events: [TransferReceived] })`. Sagas and policies send its commands
 * (`partner.commands.ReceiveTransfer`) like their own. Its events are copied into this log, with names of their own
 * (`partner.events.TransferReceived`), and are then events like all others. Throws `invalid_declaration`.
 */
export function remoteSystem<
  const Name extends string,
  const Commands extends readonly AnyCommandType[] = [],
  const Events extends readonly AnyEventType[] = [],
>(
  name: Name,
  definition: {
    /** For people who read the generated documents: what it means in the domain. */
    readonly description?: string | undefined
    /** The commands that are sent to it: those that it declares, or declarations with the same category, type and input. */
    readonly commands?: Commands
    /** The events that are heard from it. */
    readonly events?: Events
    /** Where a log begins that has heard nothing of the other system yet: `now`, the default, or `beginning`, which copies all of its history. */
    readonly from?: BeginsFrom
  },
): RemoteSystem<Name, Commands, Events> {
  checkedName('Another system', name)
  const who = `The other system "${name}"`
  const { commands = [], events = [], from = 'now' } = definition
  if (from !== 'now' && from !== 'beginning')
    throw invalid(`${who} begins from ${shown(from)}: write "now" or "beginning".`)
  const lists = { commands, events }
  for (const [list, parts] of Object.entries(lists)) {
    if (!Array.isArray(parts) || !parts.every((each) => typeof each?.type === 'string'))
      throw invalid(
        `${who} needs a list of declared ${list}: { commands: [ReceiveTransfer], events: [TransferReceived] }.`,
      )
    const types = parts.map(({ type }) => type)
    const twice = types.find((type, index) => types.indexOf(type) < index)
    if (twice !== undefined) throw invalid(`${who} has two ${list} with the name "${twice}".`)
  }
  return {
    name,
    from,
    description: checkedDescription(who, definition),
    commands: Object.fromEntries(commands.map((each) => [each.type, commandOf(who, name, each)])),
    events: Object.fromEntries(
      events.map((each) => [each.type, renamedBy((type) => remotePrefix({ name }) + type, each)]),
    ),
  } as never
}

/** What stands before the names of everything that comes from another system. */
export function remotePrefix({ name }: Pick<AnyRemoteSystem, 'name'>): string {
  return `${name}.`
}

function commandOf(who: string, remote: string, type: AnyCommandType): AnyCommandType {
  if (type.visibility === 'internal')
    throw invalid(`${who} lists the command "${type.type}", which is internal there, so that nobody else may send it.`)
  if (type.remote !== undefined)
    throw invalid(
      `${who} lists the command "${type.type}" of "${type.remote}". List the command as it is declared there.`,
    )
  const make = (id: string, input: unknown) => ({ ...type(id, input), remote })
  return Object.assign(make, { ...type, remote }) as AnyCommandType
}
