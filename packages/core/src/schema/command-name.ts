// How a description names a command.
import { isActivity } from '../kernel/activities.ts'
import type { AnyCommandType } from '../kernel/commands.ts'

export interface CommandName {
  readonly category: string
  readonly type: string
  /** The other system that carries it out. */
  readonly remote?: string
  /** The HTTP service that carries it out. */
  readonly service?: string
}

export function nameOf(command: AnyCommandType): CommandName {
  const { category, type, remote } = command
  if (isActivity(command)) return { category, type, service: command.activity.service }
  return remote === undefined ? { category, type } : { category, type, remote }
}

/** For readers: `partner: ReceiveTransfer`. */
export function titleOf({ type, remote, service }: CommandName): string {
  const elsewhere = remote ?? service
  return elsewhere === undefined ? type : `${elsewhere}: ${type}`
}
