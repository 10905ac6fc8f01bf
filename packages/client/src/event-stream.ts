// Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). `EventSource` cannot send a token, so this reads them from `fetch`.

export interface Message {
  readonly kind: string
  readonly data: string
  /** Undefined if the message has none; empty if what was before no longer counts. */
  readonly id: string | undefined
  /** How long to wait before coming again, if the server says so with this message. */
  readonly retryMs: number | undefined
}

/** The messages in a body, as they come. `onBytes` is called for whatever comes, also a heartbeat. */
export async function* messagesIn(body: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<Message> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let lines: string[] = []
  try {
    for (;;) {
      const { done, value } = await reader.read()
      // What has no end of its own is no message: the connection broke within it.
      if (done) return
      onBytes()
      rest += decoder.decode(value, { stream: true })
      // A CR at the end may be half of a CRLF.
      const whole = rest.split(/\r\n|\n|\r(?!$)/)
      rest = whole.pop()!
      for (const line of whole) {
        if (line !== '') lines.push(line)
        else {
          const message = messageOf(lines)
          lines = []
          if (message) yield message
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function messageOf(lines: readonly string[]): Message | undefined {
  const fields = new Map<string, string>()
  for (const line of lines) {
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!
    const before = name === 'data' ? fields.get('data') : undefined
    fields.set(name!, before === undefined ? value : `${before}\n${value}`)
  }
  const retry = fields.get('retry') ?? ''
  const retryMs = /^\d{1,9}$/.test(retry) ? Number(retry) : undefined
  const [data = '', id] = [fields.get('data'), fields.get('id')]
  // Comments alone are a heartbeat.
  if (data === '' && id === undefined && retryMs === undefined) return undefined
  return { kind: fields.get('event') ?? 'message', data, id, retryMs }
}
