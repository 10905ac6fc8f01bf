// What every command receives: its outputs, its working directory, and the signals to stop.
import { CliError } from './errors/index.ts'
import type { Output } from './output/index.ts'

/** The signals that stop a command, and are the message of the reason of {@link Session.interrupted}. */
export const stopSignals = ['SIGINT', 'SIGTERM'] as const

export type StopSignal = (typeof stopSignals)[number]

export interface Session {
  readonly out: Output
  readonly errors: Output
  /** The working directory: relative paths start here. */
  readonly cwd: string
  /** The environment of the process. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly interrupted: AbortSignal
  /** Aborts on Ctrl-C, and when the reader has closed the output. */
  readonly signal: AbortSignal
}

/** Waits for work that cannot be stopped. On Ctrl-C it stops waiting and throws `interrupted`. */
export async function untilInterrupted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  // biome-ignore lint/suspicious/noExplicitAny: the listener only ever rejects
  let stop: any
  const interruption = new Promise<never>((_, reject) => {
    stop = () => reject(interruptedError())
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
  return Promise.race([work, interruption]).finally(() => signal.removeEventListener('abort', stop))
}

export function interruptedError(): CliError {
  return new CliError('interrupted', 'Interrupted.')
}
