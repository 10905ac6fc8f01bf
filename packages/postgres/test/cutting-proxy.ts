// Stands between driver and server, counts the messages of the protocol in both directions and cuts the connection right after one of them
// (https://www.postgresql.org/docs/current/protocol-message-formats.html).
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface CuttingProxy {
  readonly connectionString: string
  /** Messages that have passed since it was last armed. */
  readonly passed: number
  /** The one that was cut after. */
  readonly cut: string | undefined
  /** Restarts the count, for connections from now on, and cuts one connection after this many messages. */
  arm(after: number): void
  close(): Promise<void>
}

export async function cuttingProxy(target: string): Promise<CuttingProxy> {
  const url = new URL(target)
  const port = Number(url.port)
  const sockets = new Set<Socket>()
  let passed = 0
  let cutAfter = Number.POSITIVE_INFINITY
  let cut: string | undefined

  let armed = 0

  const proxy = createServer((client) => {
    const run = armed
    const server = connect(port, url.hostname)
    let isCut = false
    const end = () => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        // What the client said last is still to be carried out.
        if (!isCut) end()
      })
    }
    const pass = (from: 'client' | 'server', to: Socket) => (message: Buffer) => {
      if (isCut) return
      to.write(message)
      // A connection of the run before may still say goodbye.
      if (run !== armed || ++passed !== cutAfter) return
      isCut = true
      const type = message[0]! > 0 ? String.fromCharCode(message[0]!) : 'startup'
      cut = `${from} ${type}`
      if (from === 'server') return setTimeout(end, 1)
      // The server receives the whole message, executes it and responds, but the response is lost.
      server.end()
      client.destroy()
    }
    client.on('data', messages({ isFirstBare: true }, pass('client', server)))
    server.on('data', messages({ isFirstBare: false }, pass('server', client)))
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  url.port = String((proxy.address() as { port: number }).port)

  return {
    connectionString: url.href,
    get passed() {
      return passed
    },
    get cut() {
      return cut
    },
    arm(after) {
      armed++
      passed = 0
      cutAfter = after
      cut = undefined
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}

/** Takes a stream of bytes apart: a type of one byte, which the first message of a client does not have, and a length that counts itself. */
function messages({ isFirstBare }: { isFirstBare: boolean }, each: (message: Buffer) => void): (bytes: Buffer) => void {
  let left = Buffer.alloc(0)
  let head = isFirstBare ? 0 : 1
  return (bytes) => {
    left = Buffer.concat([left, bytes])
    while (left.length >= head + 4) {
      const length = head + left.readUInt32BE(head)
      if (left.length < length) return
      const message = left.subarray(0, length)
      left = left.subarray(length)
      head = 1
      each(message)
    }
  }
}
