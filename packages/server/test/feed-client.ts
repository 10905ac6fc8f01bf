// A client of live feeds, as a browser is one: it reads server-sent events, and comes again with the last id that it got.
export interface ServerSent {
  readonly kind: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the server sent
  readonly data: any
  readonly id: string | undefined
}

export interface FeedClient {
  readonly response: Response
  /** The id to come again with. */
  readonly lastEventId: string
  /** The next message; undefined after the end of the response. */
  next(): Promise<ServerSent | undefined>
  /** The messages up to the first one of a kind, which is the last of them. */
  until(kind: string, isIt?: (message: ServerSent) => boolean): Promise<readonly ServerSent[]>
  leave(): Promise<void>
}

export type Fetch = (path: string, init: RequestInit) => Response | Promise<Response>

/** Follows a feed. Throws the problem document if the response is one. */
export async function followFeed(fetch: Fetch, path: string, lastEventId = ''): Promise<FeedClient> {
  const gone = new AbortController()
  const headers = { Accept: 'text/event-stream', ...(lastEventId === '' ? {} : { 'Last-Event-ID': lastEventId }) }
  const response = await fetch(path, { headers, signal: gone.signal })
  if (!response.ok) throw new Error(JSON.stringify(await response.json()))
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let last = lastEventId
  const next = async (): Promise<ServerSent | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const block = text.slice(0, end)
        text = text.slice(end + 2)
        const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]))
        const id = fields.get('id')
        if (id !== undefined) last = id
        if (fields.has('event')) return { kind: fields.get('event')!, data: JSON.parse(fields.get('data')!), id }
        continue
      }
      const { done, value } = await reader.read()
      if (done) return undefined
      text += value
    }
  }
  return {
    response,
    get lastEventId() {
      return last
    },
    next,
    async until(kind, isIt = () => true) {
      const messages: ServerSent[] = []
      for (;;) {
        const message = await next()
        if (!message) throw new Error(`The feed ended before "${kind}": ${JSON.stringify(messages.slice(-3))}`)
        messages.push(message)
        if (message.kind === kind && isIt(message)) return messages
        if (message.kind === 'end') throw new Error(`The feed ended: ${JSON.stringify(message)}`)
      }
    },
    async leave() {
      gone.abort()
      await reader.cancel().catch(() => {})
    },
  }
}
