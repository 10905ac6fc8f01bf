// The side that answers.
import type { MessagePort, Transferable } from 'node:worker_threads'
import { errorMessage } from './error-message.ts'
import type { ClientMessage, Input, Methods, Result, ServerMessage } from './messages.ts'

/** What a method knows of the call that it answers. */
export interface CallContext {
  /** Aborted when the caller gives up. */
  readonly signal: AbortSignal
  /** Reports to the caller before the answer. */
  readonly progress: (progress: unknown) => void
  /** Moves these with the answer instead of copying them. */
  readonly transfer: (list: readonly Transferable[]) => void
}

export type Handlers<Protocol extends Methods<Protocol>> = {
  readonly [Name in keyof Protocol]: (
    input: Input<Protocol, Name>,
    context: CallContext,
  ) => Result<Protocol, Name> | Promise<Result<Protocol, Name>>
}

export interface ServeOptions {
  /** Runs when the other side closes. The port is closed after it, once the calls that are under way have their answers. */
  readonly close?: () => Promise<void>
}

export interface ThreadServer {
  /** Says something without being asked. */
  readonly notify: (notice: unknown) => void
}

/**
 * Answers the calls that come through a port, each when it comes: they may overlap. Calls wait for handlers that are given later. A thread whose port is
 * closed ends when it has nothing left to do.
 */
export function serve<Protocol extends Methods<Protocol>>(
  port: MessagePort,
  handlers: Handlers<Protocol> | Promise<Handlers<Protocol>>,
  { close = async () => {} }: ServeOptions = {},
): ThreadServer {
  const aborts = new Map<number, AbortController>()
  const running = new Set<Promise<void>>()
  const send = (message: ServerMessage, transfer?: readonly Transferable[]) => port.postMessage(message, transfer)

  const answer = async (call: number, method: string, input: unknown) => {
    const abort = new AbortController()
    aborts.set(call, abort)
    let moved: readonly Transferable[] = []
    try {
      const methods = await handlers
      const result = await methods[method as keyof Protocol](input as never, {
        signal: abort.signal,
        progress: (progress) => send({ call, progress }),
        transfer: (list) => {
          moved = list
        },
      })
      send({ call, result }, moved)
    } catch (error) {
      send({ call, error: errorMessage(error) })
    } finally {
      aborts.delete(call)
    }
  }

  const end = async () => {
    try {
      await close()
      await Promise.all(running)
    } finally {
      port.close()
    }
  }

  port.on('message', (message: ClientMessage) => {
    if (message === 'close') void end()
    else if ('abort' in message) aborts.get(message.abort)?.abort()
    else {
      const answering = answer(message.call, message.method, message.input).finally(() => running.delete(answering))
      running.add(answering)
    }
  })
  return { notify: (notice) => send({ notice }) }
}
