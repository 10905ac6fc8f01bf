// The network between two banks: connections go through it byte by byte, and it can be cut, or hang, at any byte.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Network {
  /** Where the bank behind it is reached. */
  readonly url: string
  /** Ends every connection, and takes no new one until it is joined again. */
  cut(): void
  /** Carries nothing more, and ends nothing, until it is joined again. */
  hang(): void
  join(): void
  close(): Promise<void>
}

export async function networkTo(port: number): Promise<Network> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let state: 'joined' | 'cut' | 'hung' = 'joined'

  const server = createServer((near) => {
    if (state === 'cut') return void near.destroy()
    const far = connect(port, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('error', end)
      from.on('close', end)
      from.on('data', (bytes) => void to.write(bytes))
      if (state === 'hung') from.pause()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const endAll = () => {
    for (const pair of [...pairs]) for (const socket of pair) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    cut() {
      state = 'cut'
      endAll()
    },
    hang() {
      state = 'hung'
      for (const pair of pairs) for (const socket of pair) socket.pause()
    },
    join() {
      state = 'joined'
      for (const pair of pairs) for (const socket of pair) socket.resume()
    },
    async close() {
      endAll()
      server.close()
      await once(server, 'close')
    },
  }
}
