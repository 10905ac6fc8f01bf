// Live feeds: followed again where the connection is lost, from the last position that arrived, until the caller has enough.
import { ClientError } from './errors.ts'
import { messagesIn } from './event-stream.ts'
import { feedRetryMsMax, feedSilenceMs, retryDelayMsDefault } from './limits.ts'
import { type Asked, jittered, pause, type Transport } from './transport.ts'

/** How far a feed is. Kept with what was made of it, `position` and `history` are where to go on after a restart. */
export interface Progress {
  readonly position: number
  /** Names the history of the log up to there, so that a log that was restored from an older copy is noticed. */
  readonly history: string
  /** False while there are older events to come. */
  readonly isCaughtUp: boolean
}

export interface FeedOptions {
  /** Ends the feed. Without one it ends when the loop over it does. */
  readonly signal?: AbortSignal
  /** Called when everything up to a position was told or does not concern this feed. */
  readonly onProgress?: (progress: Progress) => void
  /** Called when the connection is lost, before it is made again. */
  readonly onLost?: (error: ClientError) => void
}

/** One message, with its data from JSON. */
export interface Told {
  readonly kind: string
  readonly data: unknown
}

/** The messages of a feed. Throws `ClientError` where coming again does not help. */
export async function* followed(transport: Transport, asked: Asked, options: FeedOptions): AsyncGenerator<Told> {
  const { signal, onProgress, onLost } = options
  let lastId: string | undefined
  let firstMs = retryDelayMsDefault
  let lost = 0
  for (;;) {
    const connection = new AbortController()
    const both = signal ? AbortSignal.any([signal, connection.signal]) : connection.signal
    const watch = new Watch(() => connection.abort())
    try {
      const headers = { ...asked.headers, Accept: 'text/event-stream', 'Last-Event-ID': lastId || undefined }
      const response = await transport.open({ ...asked, headers, signal: both })
      for await (const { kind, data, id, retryMs } of messagesIn(response.body!, () => watch.again())) {
        lost = 0
        if (id !== undefined) lastId = id
        if (retryMs !== undefined) firstMs = retryMs
        if (data === '') continue
        const told = { kind, data: JSON.parse(data) as unknown }
        if (kind === 'end') throw ended(told.data as Ended)
        if (kind === 'caught-up' || kind === 'progress')
          onProgress?.({ ...(told.data as Omit<Progress, 'isCaughtUp'>), isCaughtUp: kind === 'caught-up' })
        else {
          // The consumer may take its time; the silence meanwhile is not that of the server.
          watch.stop()
          yield told
          watch.again()
        }
      }
      throw new ClientError('unreachable', 'The connection of the feed ended.')
    } catch (cause) {
      if (signal?.aborted) return
      const error =
        cause instanceof ClientError ? cause : new ClientError('unreachable', 'The feed was lost.', { cause })
      if (!mayComeAgain(error)) throw error
      onLost?.(error)
    } finally {
      watch.stop()
      connection.abort()
    }
    lost += 1
    try {
      await pause(jittered(lost, firstMs, feedRetryMsMax), signal)
    } catch {
      return
    }
  }
}

interface Ended {
  readonly reason: string
  readonly error?: { readonly code: string; readonly message: string }
}

/** Whatever the reason, the server says only that this connection ends. Where coming again does not help, it answers so. */
function ended({ reason, error }: Ended): ClientError {
  const why = error ? `${reason}: ${error.message}` : reason
  return new ClientError('unreachable', `The server ended the feed, ${why}.`, {
    details: { reason, ...(error && { code: error.code }) },
  })
}

function mayComeAgain({ code, status }: ClientError): boolean {
  return (
    code === 'unreachable' ||
    code === 'token_failed' ||
    status === 429 ||
    (status !== undefined && status >= 502 && status <= 504)
  )
}

/** Calls back after a silence. */
class Watch {
  readonly #onSilence: () => void
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence
    this.again()
  }

  again(): void {
    this.stop()
    this.#timer = setTimeout(this.#onSilence, feedSilenceMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
