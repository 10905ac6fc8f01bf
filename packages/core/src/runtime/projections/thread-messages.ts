// What a thread of projections and the one that started it say to each other.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { ProjectionHost } from './host.ts'
import type { ProjectionNotice } from './status.ts'

export type Method = Exclude<keyof ProjectionHost, 'close'>

/** What is asked of the thread. */
export type Request =
  | { readonly call: number; readonly method: Method; readonly args: readonly unknown[] }
  | { readonly abort: number }
  | 'close'

/** What it says. */
export type Message =
  /** Log and tables are open; from now on it answers. */
  | 'ready'
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly progress: readonly unknown[] }
  | { readonly call: number; readonly fault: Fault }
  | { readonly failed: Fault }
  | { readonly notice: ProjectionNotice }

export interface Fault {
  readonly message: string
  readonly code?: unknown
  readonly details?: unknown
}

/** Threads pass messages, not errors with fields of their own. */
export function faultOf(error: unknown): Fault {
  if (isIndelibleError(error)) return { message: error.message, code: error.code, details: error.details }
  return { message: messageOf(error) }
}

export function errorOf(fault: Fault): Error {
  if (!isIndelibleError(fault)) return new Error(fault.message)
  return new IndelibleError(fault.code, fault.message, { details: fault.details as Record<string, unknown> })
}
