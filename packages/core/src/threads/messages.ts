// What the two sides of a port send each other. A protocol is a type: an object of functions with one input each, all of which can be cloned.
import type { ErrorMessage } from './error-message.ts'

/** The shape of a protocol, such as `{ check(task: Task): Findings }`. */
export type Methods<Protocol> = { readonly [Name in keyof Protocol]: (input: never) => unknown }

export type Input<Protocol extends Methods<Protocol>, Name extends keyof Protocol> = Parameters<Protocol[Name]>[0]

export type Result<Protocol extends Methods<Protocol>, Name extends keyof Protocol> = Awaited<
  ReturnType<Protocol[Name]>
>

export type ClientMessage =
  | { readonly call: number; readonly method: string; readonly input: unknown }
  | { readonly abort: number }
  | 'close'

export type ServerMessage =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly error: ErrorMessage }
  | { readonly call: number; readonly progress: unknown }
  | { readonly notice: unknown }
