// Clients that send or read slowly: the memory of the server holds, and the others are served meanwhile.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { linuxMissing, skippedBecause } from '../../../scripts/skips.ts'
import { jsonPost } from './shop.ts'

const clients = process.env.INDELIBLE_LONG ? 2_000 : 120
const heapMb = 192
const rssBytesMax = 1_200 * 1024 * 1024

const entry = fileURLToPath(new URL('./serving-child.ts', import.meta.url))

test.skipIf(linuxMissing)(
  `slow clients neither use up the memory nor keep others waiting${skippedBecause(linuxMissing)}`,
  async () => {
    const child = fork(entry, [String(clients + 100)], {
      execArgv: ['--conditions=@indelible/source', `--max-old-space-size=${heapMb}`],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [url] = (await once(child, 'message')) as [string]
    const port = Number(new URL(url).port)

    const answers: string[] = []
    const slow = Array.from({ length: clients }, (_, index) =>
      index % 2 === 0 ? slowSender(port, answers) : slowReader(port, answers),
    )
    onTestFinished(() => {
      for (const socket of slow) socket.destroy()
    })
    await Promise.all(slow.map((socket) => once(socket, 'connect')))

    for (let count = 0; count < 20; count++) {
      const sent = await fetch(`${url}/commands/item/tea/ReceiveStock`, jsonPost({ quantity: 1 }))
      expect(sent.status).toBe(200)
      await sent.arrayBuffer()
      const read = await fetch(`${url}/aggregates/item/tea`)
      expect(await read.json()).toMatchObject({ version: count + 1 })
    }
    // Large bodies and responses do not all fit. Those that do not are refused.
    await expect.poll(() => answers.some((answer) => answer.includes('urn:indelible:error:server_busy'))).toBe(true)
    child.send('memory')
    const [rss] = (await once(child, 'message')) as [number]
    expect(rss).toBeLessThan(rssBytesMax)
    expect(child.exitCode).toBe(null)

    // When they are gone there is room again.
    for (const socket of slow) socket.destroy()
    await expect.poll(async () => (await fetch(`${url}/streams/item-large`)).status, { timeout: 20_000 }).toBe(200)
  },
)

/** Declares a large body, sends nearly all of it, and stops. */
function slowSender(port: number, answers: string[]): Socket {
  const socket = opened(port, answers)
  socket.resume()
  socket.write(
    'POST /commands/item/slow/TakeNote HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"',
  )
  socket.write('x'.repeat(900_000))
  return socket
}

/** Asks for a large page, and takes only its beginning. */
function slowReader(port: number, answers: string[]): Socket {
  const socket = opened(port, answers)
  socket.once('data', () => socket.pause())
  socket.write('GET /streams/item-large HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return socket
}

function opened(port: number, answers: string[]): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.once('data', (data) => void answers.push(data.toString('latin1')))
  socket.on('error', () => {})
  return socket
}
