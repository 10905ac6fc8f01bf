// Processes that share tenants: what one had open, or would have opened later, the others take up when it has ended, though nobody asks for these tenants.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { postgresStore } from '../src/index.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

async function started() {
  const module = new URL('reminding-child.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@indelible/source', module], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, DATABASE_URL: server.connectionString },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const said = async () => (await lines.next()).value as string
  expect(await said()).toBe('ready')
  return {
    async tell(line: string) {
      child.stdin.write(`${line}\n`)
      return await said()
    },
    async end(how: 'killed' | 'closed') {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (how === 'killed') child.kill('SIGKILL')
      else child.stdin.end()
      await ended
    },
  }
}

/** Whether a tenant gets its reminder, by its log alone. */
async function reminded(tenant: string): Promise<void> {
  const store = await postgresStore({ connectionString: server.connectionString, log: tenant })
  onTestFinished(() => store.close())
  const signal = AbortSignal.timeout(60_000)
  const found: string[] = []
  for await (const { events } of store.subscribe([{ types: ['Reminded'] }], { after: 0, signal })) {
    found.push(...events.map(({ type }) => type))
    if (found.length > 0) break
  }
  expect(found).toEqual(['Reminded'])
}

test.each(['killed', 'closed'] as const)(
  'a process is %s while its tenants wait for a time',
  async (how) => {
    const [one, other] = [await started(), await started()]
    const tenants = [1, 2, 3].map((n) => `${how}-${n}`)
    for (const tenant of tenants) expect(await one.tell(`ask ${tenant}`)).toBe(`asked ${tenant}`)
    await one.end(how)
    await Promise.all(tenants.map(reminded))
    await other.end('closed')
  },
  120_000,
)

test('a process is killed that had closed a tenant until its time comes', async () => {
  const [one, other] = [await started(), await started()]
  expect(await one.tell('ask resting')).toBe('asked resting')
  while ((await one.tell('count')) !== 'open 0') await new Promise((resolve) => setTimeout(resolve, 50))
  await one.end('killed')
  await reminded('resting')
  await other.end('closed')
}, 120_000)
