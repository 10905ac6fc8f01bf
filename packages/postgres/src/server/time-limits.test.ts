import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { postgresTables } from '../index.ts'

test.each([30 * 86_400_000, Number.POSITIVE_INFINITY])(
  'a connection may take as long as %s ms',
  async (connectionTimeoutMillis) => {
    // Accepts connections and reads what they send before it ends them.
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => setTimeout(() => socket.destroy(), 100))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const connectionString = `postgres://nobody@127.0.0.1:${port}/none`
    const tables = await postgresTables({ connectionString, connectionTimeoutMillis })
    await expect(tables.list()).rejects.toMatchObject({
      code: 'tables_unavailable',
      message: expect.not.stringContaining('timeout'),
    })
    await tables.close()
  },
)
