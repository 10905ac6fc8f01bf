// The commands that a saga sends, and what is listed of its next moves.
import type { Command } from '../../kernel/commands.ts'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { SagaContext, SagaSend } from '../../kernel/processes/flow.ts'
import { messageOf, shown } from '../../kernel/shown.ts'
import type { SagaEvent } from './events.ts'
import type { OpenCommand } from './state.ts'

export type SagaMoves = SagaEvent[]

/** Makes a command as it is read back from the log: what is sent must not depend on whether there was a restart between. */
export function sending({ command, to, input }: SagaSend, data: unknown, context: SagaContext): Command {
  const made = command(to(data, context), input(data, context)) as Command
  if (typeof made.id !== 'string') throw new TypeError(`"to" gave ${shown(made.id)}, not the id of an aggregate.`)
  return JSON.parse(JSON.stringify(made)) as Command
}

/** A command that cannot be carried out, or given up when its time is over, for a fault of the code. */
export function impossible(
  { step, isCompensation, command }: OpenCommand,
  { cause, isOver }: { readonly cause: unknown; readonly isOver: boolean },
): IndelibleError {
  const which = isCompensation ? `The compensation of step "${step}"` : `Step "${step}"`
  const elsewhere = command.remote ?? command.service
  const where = elsewhere === undefined ? '' : ` in "${elsewhere}"`
  const fault = isIndelibleError(cause) ? `${cause.code}: ${cause.message}` : messageOf(cause)
  return new IndelibleError(
    'invalid_declaration',
    `${which} sent "${command.type}" to ${command.category}-${command.id}${where}, which cannot be ${isOver ? 'given up, as its time is over' : 'carried out'}. Mend the code, then restart, or resume the saga. ${fault}`,
    { cause },
  )
}

export function isSame(left: Command, right: Command): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
