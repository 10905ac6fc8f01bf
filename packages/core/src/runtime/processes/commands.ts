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

/** Why a command of a saga needs intervention. */
export function impossible({ step, isCompensation, command }: OpenCommand, cause: unknown): IndelibleError {
  const which = isCompensation ? `The compensation of step "${step}"` : `Step "${step}"`
  const fault = isIndelibleError(cause) ? `${cause.code}: ${cause.message}` : messageOf(cause)
  return new IndelibleError(
    'invalid_declaration',
    `${which} sent "${command.type}" to ${command.category}-${command.id}, which cannot be carried out. Mend the code, then restart, or resume the saga. ${fault}`,
    { cause },
  )
}
