// A client of HTTP/1.1 over sockets, as cheap as it can be made: what is measured is the server, and both share the machine.
import { once } from 'node:events'
import { connect } from 'node:net'

export interface HttpConnection {
  /** Sends one request at a time. The request is complete, as bytes. */
  ask(request: string): Promise<HttpAnswer>
  close(): void
}

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

export async function httpConnection(port: number): Promise<HttpConnection> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  socket.setEncoding('latin1')
  await once(socket, 'connect')
  let received = ''
  let waiting: PromiseWithResolvers<HttpAnswer> | undefined
  const fail = (error?: Error) => waiting?.reject(error ?? new Error('The server closed the connection.'))
  socket.on('error', fail)
  socket.on('close', () => fail())
  socket.on('data', (text: string) => {
    received += text
    const answer = answerIn(received)
    if (!answer) return
    received = ''
    waiting?.resolve(answer)
  })
  return {
    ask(request) {
      waiting = Promise.withResolvers()
      socket.write(request, 'latin1')
      return waiting.promise
    },
    close: () => socket.destroy(),
  }
}

export function postRequest(path: string, body: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    Host: '127.0.0.1',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

/** Undefined while it is not complete. */
function answerIn(text: string): HttpAnswer | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = text.slice(0, end)
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? []
  const isChunked = length === undefined && /\r\ntransfer-encoding: chunked/i.test(head)
  const isComplete = isChunked ? text.endsWith('\r\n0\r\n\r\n') : text.length >= end + 4 + Number(length ?? 0)
  return isComplete ? { status: Number(text.slice(9, 12)), body: text.slice(end + 4) } : undefined
}
