// Processes that share tenants: what one had open, or would have opened later, the others take up when it has ended, though nobody asks for these tenants.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { afterAll, beforeAll, type TestContext, test } from 'vitest'
import { postgresStore } from '../src/index.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

/** Each test has a schema of its own, so that only its processes share the tenants. */
const schemaOf = ({ task }: TestContext) => `s_${task.name.replace(/\W+/g, '_').toLowerCase().slice(-38)}`

async function started(context: TestContext) {
  const module = new URL('reminding-child.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@indelible/source', module], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, DATABASE_URL: server.connectionString, SCHEMA: schemaOf(context) },
  })
  context.onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const said = async () => (await lines.next()).value as string
  context.expect(await said()).toBe('ready')
  return {
    async tell(line: string) {
      child.stdin.write(`${line}\n`)
      return await said()
    },
    signal: (signal: 'SIGSTOP' | 'SIGCONT') => child.kill(signal),
    async end(how: 'killed' | 'closed') {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (how === 'killed') child.kill('SIGKILL')
      else child.stdin.end()
      await ended
    },
  }
}

/** Whether tenants get their reminders, by their logs alone. */
async function reminded(context: TestContext, tenant: string, count = 1): Promise<void> {
  const { connectionString } = server
  const store = await postgresStore({ connectionString, schema: schemaOf(context), log: tenant })
  context.onTestFinished(() => store.close())
  const signal = AbortSignal.timeout(60_000)
  const found: string[] = []
  for await (const { events } of store.subscribe([{ types: ['Reminded'] }], { after: 0, signal })) {
    found.push(...events.map(({ streamId }) => streamId))
    if (found.length >= count) break
  }
  context.expect(found).toEqual(Array.from({ length: count }, (_, index) => `r${index + 1}`))
}

for (const how of ['killed', 'closed'] as const) {
  test.concurrent(`a process is ${how} while its tenants wait for a time`, async (context) => {
    const [one, other] = [await started(context), await started(context)]
    const tenants = [1, 2, 3].map((n) => `${how}-${n}`)
    for (const tenant of tenants) context.expect(await one.tell(`ask ${tenant} r1`)).toBe(`asked ${tenant}`)
    await one.end(how)
    await Promise.all(tenants.map((tenant) => reminded(context, tenant)))
    await other.end('closed')
  }, 120_000)
}

test.concurrent('a process is killed that had closed a tenant until its time comes', async (context) => {
  const { expect } = context
  const [one, other] = [await started(context), await started(context)]
  expect(await one.tell('ask resting r1')).toBe('asked resting')
  while ((await one.tell('count')) !== 'open 0') await new Promise((resolve) => setTimeout(resolve, 50))
  await one.end('killed')
  await reminded(context, 'resting')
  await other.end('closed')
}, 120_000)

test.concurrent('a process that was paused, and is killed later, had a tenant open that another one took up and closed', async (context) => {
  const { expect } = context
  const [one, other] = [await started(context), await started(context)]
  expect(await one.tell('ask paused r1')).toBe('asked paused')
  expect(await one.tell('keep paused')).toBe('kept paused')
  while ((await other.tell('count')) === 'open 0') {
    one.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  one.signal('SIGCONT')
  await reminded(context, 'paused')
  while ((await other.tell('count')) !== 'open 0') await new Promise((resolve) => setTimeout(resolve, 50))
  expect(await one.tell('ask paused r2')).toBe('asked paused')
  await one.end('killed')
  await reminded(context, 'paused', 2)
  await other.end('closed')
}, 180_000)
