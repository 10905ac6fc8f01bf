// The connections that get live feeds: how many there may be, what shows that they are alive, and when they end.
import type { ServerResponse } from 'node:http'
import { every, type Timer, timer } from 'indelible/adapter'
import { endMessage, type LiveFeed } from 'indelible/operations'
import { FeedConnection, type FeedConnectionOptions } from './feed-connection.ts'
import { feedCheckMs, feedEndMs, retryAfterSeconds } from './limits.ts'
import { HttpError } from './problems.ts'

export interface FeedsOptions extends Pick<FeedConnectionOptions, 'heartbeatMs' | 'slowMs'> {
  readonly feedsMax: number
  /** Aborts when the server closes. */
  readonly closing: AbortSignal | undefined
}

export interface FeedClient extends Pick<FeedConnectionOptions, 'shown' | 'checkClient'> {
  /** Aborts when the client disconnects. */
  readonly gone: AbortSignal
  /** The response of Node, where there is one: a client that does not even take the end of the feed is cut off with it. */
  readonly outgoing: ServerResponse | undefined
}

export class Feeds {
  readonly #options: FeedsOptions
  readonly #open = new Set<FeedConnection>()
  #checks: Timer | undefined

  constructor(options: FeedsOptions) {
    this.#options = options
    options.closing?.addEventListener('abort', () => this.#endAll())
  }

  /** Answers with a feed. Throws `too_many_feeds`, and what `begin` throws. */
  async answer(begin: (signal: AbortSignal) => Promise<LiveFeed>, client: FeedClient): Promise<Response> {
    const { feedsMax, heartbeatMs, slowMs, closing } = this.#options
    if (this.#open.size >= feedsMax) throw tooMany(feedsMax)
    const connection: FeedConnection = new FeedConnection({
      heartbeatMs,
      slowMs,
      shown: client.shown,
      checkClient: client.checkClient,
      ended: () => this.#ended(connection, client),
    })
    this.#open.add(connection)
    this.#checks ??= every(feedCheckMs, () => this.#check()).unref()
    client.gone.addEventListener('abort', () => connection.leave())
    try {
      const response = connection.answer(await begin(connection.signal))
      if (closing?.aborted) this.#endAll()
      return response
    } catch (error) {
      connection.leave()
      throw error
    }
  }

  #check(): void {
    const now = performance.now()
    for (const connection of this.#open) connection.check(now)
  }

  #endAll(): void {
    for (const connection of this.#open) connection.end(endMessage('closing'))
  }

  #ended(connection: FeedConnection, { outgoing }: FeedClient): void {
    this.#open.delete(connection)
    if (this.#open.size === 0) {
      this.#checks?.cancel()
      this.#checks = undefined
    }
    if (!outgoing || outgoing.closed) return
    const cut = timer(feedEndMs, () => outgoing.destroy()).unref()
    outgoing.once('close', () => cut.cancel())
  }
}

function tooMany(feedsMax: number): HttpError {
  return new HttpError('too_many_feeds', `The maximum of ${feedsMax} live feeds is reached. Try again later.`, {
    headers: { 'Retry-After': String(retryAfterSeconds) },
  })
}
