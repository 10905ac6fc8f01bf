// Answers what Node refuses before it is a request, with a problem document too.
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Connections } from './connections.ts'
import { headersBytesMax, requestTimeoutMs } from './limits.ts'
import { HttpError, type HttpErrorCode, problemOf } from './problems.ts'

/** Handles a request that cannot be converted into a Request. */
export function malformedUrl(error: unknown): Response {
  const message = error instanceof Error ? error.message : String(error)
  return problemOf(new HttpError('malformed_url', `The request has no valid URL: ${message}.`), () => {})
}

/** Answers the connections whose bytes are not HTTP, are too many, or come too slowly, and ends them. */
export function answerMalformed(server: Server, connections: Connections): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Bytes in the middle of another response would be taken for a part of it.
    if (!socket.writable || (connections.get(socket) ?? 0) > 0) return void socket.destroy()
    const [code, message] = refusalOf(error)
    void written(problemOf(new HttpError(code, message), () => {})).then((text) => socket.end(text))
  })
  server.on('checkExpectation', (_: IncomingMessage, outgoing: ServerResponse) => {
    const problem = problemOf(new HttpError('expectation_unsupported', 'Send the request without "Expect".'), () => {})
    // The body may come nevertheless.
    outgoing.writeHead(problem.status, { ...Object.fromEntries(problem.headers), Connection: 'close' })
    void problem.text().then((text) => outgoing.end(text))
  })
}

function refusalOf({ code }: NodeJS.ErrnoException): readonly [HttpErrorCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return ['headers_too_large', `Request line and headers have more than ${headersBytesMax} bytes.`]
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return ['request_timeout', `A request must arrive within ${requestTimeoutMs / 1000} seconds, its headers sooner.`]
  return ['malformed_request', 'The bytes on this connection are not an HTTP/1.1 request.']
}

async function written(response: Response): Promise<string> {
  const text = await response.text()
  const headers = [...response.headers, ['connection', 'close']].map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}\r\n${headers.join('')}\r\n${text}`
}
