// One client of a live feed. The next messages are asked for when the client has room for them, so a slow one holds nothing but its place.
import { endMessage, type FeedBatch, type FeedMessage, type LiveFeed } from 'indelible/operations'
import { encodedBatch, encodedMessage, heartbeat, retryAfter } from './feed-encoding.ts'
import { feedBufferBytesMax, feedIdentityMs, feedRetryMs } from './limits.ts'

export interface FeedConnectionOptions {
  readonly heartbeatMs: number
  readonly slowMs: number
  /** What the client gets to know of an error. */
  readonly shown: (error: unknown) => { readonly code: string; readonly message: string }
  /** Throws if the client is no longer who it was when the feed began. */
  readonly checkClient: () => Promise<void>
  /** Called once, when nothing more is sent. */
  readonly ended: () => void
}

export class FeedConnection {
  readonly #options: FeedConnectionOptions
  readonly #stop = new AbortController()
  #iterator: AsyncIterator<FeedBatch> | undefined
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined
  #isEnded = false
  #sentAt = performance.now()
  #clientCheckedAt = performance.now()
  /** Since when the client has no room. */
  #fullSince: number | undefined

  constructor(options: FeedConnectionOptions) {
    this.#options = options
  }

  /** Aborts when the client no longer gets anything. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  answer(feed: LiveFeed): Response {
    this.#iterator = feed[Symbol.asyncIterator]()
    const body = new ReadableStream<Uint8Array>(
      {
        start: (stream) => {
          this.#stream = stream
          stream.enqueue(retryAfter(feedRetryMs))
        },
        pull: () => this.#next(),
        cancel: () => this.leave(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: feedBufferBytesMax }),
    )
    // A client that left while the feed began.
    if (this.#isEnded) this.#close()
    return new Response(body, { headers: feedHeaders })
  }

  /** Sends a heartbeat if nothing was sent for long, and ends a client that takes nothing, or is no longer known. */
  check(now: number): void {
    const { heartbeatMs, slowMs } = this.#options
    if (!this.#stream) return
    if (now - this.#clientCheckedAt >= feedIdentityMs) {
      this.#clientCheckedAt = now
      this.#options.checkClient().catch((error) => this.#fail(error))
    }
    if ((this.#stream.desiredSize ?? 0) > 0) {
      this.#fullSince = undefined
      if (now - this.#sentAt >= heartbeatMs) this.#send(heartbeat)
      return
    }
    this.#fullSince ??= now
    if (now - this.#fullSince >= slowMs) this.end(endMessage('slow'))
  }

  /** Tells the client why nothing more comes. */
  end(message: FeedMessage): void {
    if (this.#isEnded) return
    this.#stream?.enqueue(encodedMessage(message))
    this.#close()
    this.leave()
  }

  /** The client has gone, or has been told that the feed ends. */
  leave(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#stop.abort()
    // A generator that waits for its reader does not see the signal.
    this.#iterator?.return?.().catch(() => {})
    this.#options.ended()
  }

  async #next(): Promise<void> {
    try {
      const { done, value } = await this.#iterator!.next()
      if (this.#isEnded) return
      if (!done) return this.#send(encodedBatch(value))
      this.#close()
      this.leave()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.end(endMessage('failed', this.#options.shown(error)))
  }

  #send(bytes: Uint8Array): void {
    this.#stream!.enqueue(bytes)
    this.#sentAt = performance.now()
  }

  #close(): void {
    this.#stream?.close()
    this.#stream = undefined
  }
}

export const feedContentType = 'text/event-stream'

export const feedHeaders = {
  'Content-Type': feedContentType,
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // Proxies such as nginx would keep messages back.
  'X-Accel-Buffering': 'no',
}
