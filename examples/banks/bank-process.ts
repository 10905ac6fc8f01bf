// A bank as a process of its own, served by `indelible serve`: it can be ended, or killed, and started again on the same log and port.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface BankProcess {
  readonly url: string
  readonly dataDir: string
  readonly isRunning: boolean
  start(): Promise<void>
  /** Ends it in order, or at once. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

const cli = fileURLToPath(new URL('../../packages/cli/bin/indelible.js', import.meta.url))
const config = fileURLToPath(new URL('./indelible.config.ts', import.meta.url))

export function bankProcess({
  dataDir,
  port,
  partnerUrl,
}: {
  readonly dataDir: string
  readonly port: number
  readonly partnerUrl: string
}): BankProcess {
  let child: ChildProcess | undefined
  return {
    url: `http://127.0.0.1:${port}`,
    dataDir,
    get isRunning() {
      return child?.exitCode === null && child.signalCode === null
    },
    async start() {
      const args = ['serve', '--json', '--config', config, '--data', dataDir, '--port', String(port)]
      const started = spawn(process.execPath, ['--conditions=@indelible/source', cli, ...args], {
        env: { ...process.env, BANKS_PARTNER: partnerUrl },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child = started
      let errors = ''
      started.stderr.on('data', (bytes) => {
        errors += bytes
      })
      const ended = once(started, 'exit').then(() => {
        throw new Error(`The bank on port ${port} ended before it was open: ${errors}`)
      })
      ended.catch(() => {})
      await Promise.race([once(createInterface(started.stdout), 'line'), ended])
    },
    async end(signal) {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
