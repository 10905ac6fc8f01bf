// How a description names a command.
import type { AnyCommandType } from '../kernel/commands.ts'

export interface CommandName {
  readonly category: string
  readonly type: string
}

export function nameOf({ category, type }: AnyCommandType): CommandName {
  return { category, type }
}
