// How a description names a command.
import type { AnyCommandType } from '../kernel/commands.ts'

export interface CommandName {
  readonly category: string
  readonly type: string
  /** The other system that carries it out. */
  readonly remote?: string
}

export function nameOf({ category, type, remote }: AnyCommandType): CommandName {
  return remote === undefined ? { category, type } : { category, type, remote }
}

/** For readers: `partner: ReceiveTransfer`. */
export function titleOf({ type, remote }: CommandName): string {
  return remote === undefined ? type : `${remote}: ${type}`
}
