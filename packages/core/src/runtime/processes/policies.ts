// Runs a policy as a reaction whose effect is commands in the same log: at least once becomes exactly once through the ids of the commands.
import type { AnyCommandType, Command } from '../../kernel/commands.ts'
import { durationMs } from '../../kernel/durations.ts'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Policy } from '../../kernel/processes/index.ts'
import type { AnyReaction } from '../../kernel/reactions.ts'
import { shown } from '../../kernel/shown.ts'
import { frozenData } from '../../kernel/upcasts.ts'
import { recordedId } from '../../kernel/viewed-event.ts'
import type { CommandFound } from '../commands/command-ids.ts'
import type { CommandOutcome, SendOptions } from '../commands/outcome.ts'
import type { Guard } from '../guard/index.ts'

export interface PolicyOptions {
  readonly send: (command: Command, options: SendOptions) => Promise<CommandOutcome>
  readonly find: (commandId: string) => Promise<CommandFound>
  readonly guard: Guard
}

/** Commands that meet a fault are tried so often, with growing waits, before their event is parked. */
const retries = 5

export function asReaction(policy: Policy, options: PolicyOptions): AnyReaction {
  const { name, description, from, events, handlers } = policy
  const react = async (_data: unknown, event: RecordedEvent) => {
    for (const [index, command] of commandsOn(policy, event, options.guard).entries())
      await sendOne(policy, { event, index, command }, options)
  }
  const reacting = new Map([...handlers.keys()].map((type) => [type, react]))
  return { name, description, from, retries, timeoutMs: durationMs('30s'), events, handlers: reacting }
}

function commandsOn({ name, handlers, sends }: Policy, event: RecordedEvent, guard: Guard): readonly Command[] {
  const what = `The policy "${name}" on ${event.type}`
  const made = guard.call(what, () => handlers.get(event.type)!(frozenData(event), event))
  const commands = (Array.isArray(made) ? made : made === undefined ? [] : [made]) as readonly Command[]
  for (const command of commands) {
    if (sends.some((each) => isOf(each, command))) continue
    const problem = `${what} sent ${shown(command?.type)}, which it does not list. Add it to "sends".`
    throw new IndelibleError('invalid_declaration', problem)
  }
  return commands
}

function isOf({ category, type }: AnyCommandType, command: Command | undefined): boolean {
  return command?.type === type && command.category === category
}

async function sendOne(
  { name, onRefused }: Policy,
  { event, index, command }: { readonly event: RecordedEvent; readonly index: number; readonly command: Command },
  { send, find }: PolicyOptions,
): Promise<void> {
  const { correlationId } = event.metadata
  const commandId = `$policy.${name}:${event.id}:${index}`
  const { type, category, id } = command
  let outcome: CommandOutcome
  try {
    outcome = await send(command, {
      commandId,
      causationId: recordedId(event.id),
      correlationId: correlationId ?? recordedId(event.id),
      actor: `policy:${name}`,
    })
  } catch (error) {
    if (isIndelibleError(error, 'command_id_reused') && isOfBefore(await find(commandId), command)) return
    throw error
  }
  if (outcome.status === 'conflict')
    throw new Error(`${type} for ${category}-${id} was not carried out: others kept changing it.`)
  if (outcome.status === 'refused' && onRefused === 'park')
    throw new Error(`${type} for ${category}-${id} was refused: ${outcome.reason}.`)
}

/** A process with former code carried it out and died before it said so. The code of now gives the same command another input. */
function isOfBefore(found: CommandFound, { type, category, id }: Command): boolean {
  const [first] = found.status === 'carriedOut' ? found.events : []
  return first?.stream === `${category}-${id}` && first.metadata.command?.type === type
}
