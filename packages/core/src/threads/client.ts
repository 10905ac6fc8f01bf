// The side that asks. It works with a worker and with a port to one.
import type { MessagePort, Transferable, Worker } from 'node:worker_threads'
import { errorFrom } from './error-message.ts'
import type { ClientMessage, Input, Methods, Result, ServerMessage } from './messages.ts'

export interface ThreadClientOptions {
  /** Called once, when the thread has ended. Makes the error that calls get from then on. The cause is what the thread threw, if it did. */
  readonly ended: (cause: unknown) => Error
  /** Gets what the thread says without being asked. */
  readonly onNotice?: (notice: never) => void
}

export interface CallOptions {
  /** Moved with the input instead of copied. */
  readonly transfer?: readonly Transferable[]
  /** Aborts the signal that the method has. The call still waits for its answer. */
  readonly signal?: AbortSignal | undefined
  /** The same, but the call waits no longer: it throws the reason of this signal. */
  readonly giveUp?: AbortSignal | undefined
  /** Gets what the method reports on its way. What it throws, the call throws. */
  readonly onProgress?: ((progress: never) => void) | undefined
  /** False for a call for which the process need not stay alive. */
  readonly keepsAlive?: boolean
}

interface Call {
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
  readonly onProgress: CallOptions['onProgress']
}

export class ThreadClient<Protocol extends Methods<Protocol>> {
  readonly #port: Worker | MessagePort
  readonly #options: ThreadClientOptions
  readonly #calls = new Map<number, Call>()
  readonly #end = Promise.withResolvers<void>()
  #lastCall = 0
  /** The calls, and a `close`, for which the process stays alive. */
  #holders = 0
  #thrown: unknown
  #error: Error | undefined

  constructor(port: Worker | MessagePort, options: ThreadClientOptions) {
    this.#port = port
    this.#options = options
    // A port takes the same listeners.
    const events = port as Worker
    events.on('message', (message: ServerMessage) => this.#take(message))
    events.on('error', (error: unknown) => {
      this.#thrown = error
    })
    // A worker exits, a port closes.
    events.on('exit', () => this.#ended())
    events.on('close', () => this.#ended())
    port.unref()
  }

  get hasEnded(): boolean {
    return this.#error !== undefined
  }

  /** Throws what the method throws, and what `ended` makes when the thread ends before it answers. */
  async call<Name extends keyof Protocol & string>(
    method: Name,
    input: Input<Protocol, Name>,
    { transfer = [], signal, giveUp, onProgress, keepsAlive = true }: CallOptions = {},
  ): Promise<Result<Protocol, Name>> {
    if (this.#error) throw this.#error
    const call = ++this.#lastCall
    const { promise, resolve, reject } = Promise.withResolvers<Result<Protocol, Name>>()
    const abort = () => this.#send({ abort: call })
    const leave = () => {
      abort()
      reject(giveUp?.reason)
    }
    this.#calls.set(call, { resolve, reject, onProgress })
    if (keepsAlive) this.#hold()
    try {
      this.#send({ call, method, input }, transfer)
      signal?.addEventListener('abort', abort)
      giveUp?.addEventListener('abort', leave)
      if (signal?.aborted) abort()
      if (giveUp?.aborted) leave()
      return await promise
    } finally {
      signal?.removeEventListener('abort', abort)
      giveUp?.removeEventListener('abort', leave)
      this.#calls.delete(call)
      if (keepsAlive) this.#release()
    }
  }

  /** Asks the thread to end, and waits until it has. It ends by itself: to stop a thread from outside has crashed the process. */
  async close(): Promise<void> {
    if (this.#error) return
    this.#hold()
    this.#send('close')
    await this.#end.promise
  }

  #send(message: ClientMessage, transfer?: readonly Transferable[]): void {
    this.#port.postMessage(message, transfer)
  }

  #take(message: ServerMessage): void {
    if ('notice' in message) {
      this.#options.onNotice?.(message.notice as never)
      return
    }
    // A call that was given up is not here any more.
    const call = this.#calls.get(message.call)
    if (!call) return
    if ('error' in message) call.reject(errorFrom(message.error))
    else if ('result' in message) call.resolve(message.result as never)
    else this.#report(message.call, call, message.progress)
  }

  #report(id: number, { onProgress, reject }: Call, progress: unknown): void {
    try {
      onProgress?.(progress as never)
    } catch (error) {
      this.#send({ abort: id })
      reject(error)
    }
  }

  #ended(): void {
    if (this.#error) return
    this.#error = this.#options.ended(this.#thrown)
    for (const { reject } of this.#calls.values()) reject(this.#error)
    this.#end.resolve()
  }

  #hold(): void {
    if (this.#holders++ === 0) this.#port.ref()
  }

  #release(): void {
    if (--this.#holders === 0) this.#port.unref()
  }
}
