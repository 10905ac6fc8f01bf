// Who is served next by the thread of PGlite.
import type { MessagePort } from 'node:worker_threads'
import type { PgliteRequest, PgliteStatement } from './protocol.ts'

/** PGlite is one connection: statements of all clients one after the other, and a transaction of one without those of others in between. */
export function takeTurns(
  parent: MessagePort,
  serve: (port: MessagePort, request: PgliteStatement) => Promise<void>,
): ReadonlySet<MessagePort> {
  const ports = new Set<MessagePort>()
  const waiting: { port: MessagePort; request: PgliteStatement }[] = []
  let holder: MessagePort | undefined
  let isServing = false

  const accept = (port: MessagePort) => {
    ports.add(port)
    port.on('message', (request: PgliteRequest) => {
      if (request === 'pass') pass(port)
      else if (typeof request === 'object' && 'client' in request) accept(request.client)
      else waiting.push({ port, request })
      void serveAll()
    })
    // Its thread may have died in a transaction. Where it did not, this does nothing.
    port.on('close', () => {
      ports.delete(port)
      waiting.push({ port, request: { sql: 'ROLLBACK', params: [], keepsTurn: false } })
      void serveAll()
    })
  }
  const pass = (port: MessagePort) => {
    if (holder === port) holder = undefined
  }
  const serveAll = async () => {
    if (isServing) return
    isServing = true
    for (let next = take(); next; next = take()) {
      await serve(next.port, next.request)
      holder = next.request !== 'close' && next.request.keepsTurn ? next.port : undefined
    }
    isServing = false
  }
  const take = () => {
    const at = holder ? waiting.findIndex(({ port }) => port === holder) : 0
    return at < 0 ? undefined : waiting.splice(at, 1)[0]
  }
  accept(parent)
  return ports
}
