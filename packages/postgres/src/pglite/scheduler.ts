// Decides which request the thread of PGlite runs next.
import type { MessagePort } from 'node:worker_threads'
import type { PgliteRequest, PgliteStatement } from './protocol.ts'

/**
 * PGlite is one connection. So the statements of all clients run one after the other, and during the transaction of one client the others wait.
 * Returns the ports that are open.
 */
export function scheduleRequests(
  parent: MessagePort,
  run: (port: MessagePort, request: PgliteStatement) => Promise<void>,
): ReadonlySet<MessagePort> {
  const ports = new Set<MessagePort>()
  const queue: { port: MessagePort; request: PgliteStatement }[] = []
  let inTransaction: MessagePort | undefined
  let isRunning = false

  const accept = (port: MessagePort) => {
    ports.add(port)
    port.on('message', (request: PgliteRequest) => {
      if (request === 'endTransaction') endTransaction(port)
      else if (typeof request === 'object' && 'client' in request) accept(request.client)
      else queue.push({ port, request })
      void runAll()
    })
    // The other thread may have died in a transaction. If there is no transaction, ROLLBACK does nothing.
    port.on('close', () => {
      ports.delete(port)
      queue.push({ port, request: { sql: 'ROLLBACK', params: [], isInTransaction: false } })
      void runAll()
    })
  }
  const endTransaction = (port: MessagePort) => {
    if (inTransaction === port) inTransaction = undefined
  }
  const runAll = async () => {
    if (isRunning) return
    isRunning = true
    for (let next = take(); next; next = take()) {
      await run(next.port, next.request)
      inTransaction = next.request !== 'close' && next.request.isInTransaction ? next.port : undefined
    }
    isRunning = false
  }
  const take = () => {
    const at = inTransaction ? queue.findIndex(({ port }) => port === inTransaction) : 0
    return at < 0 ? undefined : queue.splice(at, 1)[0]
  }
  accept(parent)
  return ports
}
