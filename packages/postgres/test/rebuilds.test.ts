// Rebuilds by several processes: killed in each phase and started again, concurrent, and suspended.
import { setTimeout as pause } from 'node:timers/promises'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { type EventStore, ProjectionOperator, type ReadTables, type RebuildProgress } from 'indelible'
import { fileStore } from 'indelible/file'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { draws, hours, long, seed } from '../../../scripts/campaign.ts'
import { postgresDatabase, postgresTables } from '../src/server/index.ts'
import { jarLimits, jarSystem, someEvents } from './jars.ts'
import { caughtUp, checkTables, freshDir, type Projecting, projecting } from './support.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server?.remove())

const phases: readonly RebuildProgress['phase'][] = ['folding', 'writing', 'verifying', 'catching up', 'replacing']
/** `npm test` uses some of them, chosen at random. */
const some = (count: number) => {
  const next = draws()
  const left = [...phases]
  return long ? phases : Array.from({ length: count }, () => left.splice(next(left.length), 1)[0]!)
}
const name = 'flows'

test('a rebuild that is killed in any phase leaves the table unchanged, and can be started again', hours, async () => {
  const { dir, store } = await filled()
  const times: string[] = []
  for (const phase of some(2)) {
    const schema = `killed_${phase.replace(' ', '_')}`
    const options = { dir, connectionString: server.connectionString, schema, revision: 1 }
    const tables = await opened(schema)
    const first = await projecting({ ...options, rebuilds: { name, holdAt: phase, holdMs: 60_000 } })
    // A rebuild catches up with what is appended after its fold.
    expect(await first.said(`phase folding ${name}`, { before: true })).toBe(true)
    await append(store, 20)
    expect(await first.said(`holding ${phase}`, { before: true }), phase).toBe(true)
    await first.kill()
    const killed = performance.now()
    await checkTables(tables, store)
    const second = await projecting({ ...options, rebuilds: { name } })
    const hashes = await rebuilt(second, 3)
    times.push(`${phase} ${(performance.now() - killed).toFixed(0)}`)
    expect(new Set(hashes).size, `${phase}: ${hashes}`).toBe(1)
    await caughtUp({ tables, store, revision: 1 })
    await second.kill()
    expect((await tables.list()).filter((record) => record.name.startsWith(name)).length).toBeLessThanOrEqual(3)
  }
  console.log(`killed rebuilds: three more done after ms: ${times.join(', ')}, seed ${seed}`)
})

test('while a process builds a table, another gets an error that it is busy', hours, async () => {
  const { dir, store } = await filled()
  const options = { dir, connectionString: server.connectionString, schema: 'busy', revision: 1 }
  const tables = await opened('busy')
  const builder = await projecting({ ...options, rebuilds: { name, holdAt: 'verifying', holdMs: 1_500 } })
  expect(await builder.said('holding', { before: true })).toBe(true)
  const operator = new ProjectionOperator(jarSystem(), { store, tables })
  await expect(operator.rebuild(name)).rejects.toMatchObject({ code: 'projection_busy' })
  await rebuilt(builder, 1)
  await checkTables(tables, store)
})

test(
  'a rebuild that sleeps beyond its lease is overtaken by another, and writes nothing wrong when it wakes',
  hours,
  async () => {
    const { dir, store } = await filled()
    for (const phase of some(1)) {
      const schema = `slept_${phase.replace(' ', '_')}`
      const options = { dir, connectionString: server.connectionString, schema, revision: 1 }
      const tables = await opened(schema)
      const sleeper = await projecting({ ...options, rebuilds: { name, holdAt: phase, holdMs: 4_500 } })
      expect(await sleeper.said(`phase folding ${name}`, { before: true })).toBe(true)
      await append(store, 20)
      expect(await sleeper.said(`holding ${phase}`, { before: true }), phase).toBe(true)
      // Listen first: on a busy machine the other process may start only after the sleeper has woken.
      const woken = sleeper.said('woken')
      const other = await projecting({ ...options, rebuilds: { name } })
      await rebuilt(other, 1)
      expect(await woken).toBe(true)
      await pause(300)
      await checkTables(tables, store)
      // It reports either that another rebuild runs, or that the table it was building is already in place.
      expect(sleeper.lines.filter((line) => line.startsWith('failed') && !/_busy$|_unavailable$/.test(line))).toEqual(
        [],
      )
      await append(store, 20)
      await caughtUp({ tables, store, revision: 1 })
      await Promise.all([sleeper.kill(), other.kill()])
    }
  },
)

test('a process that sleeps in the middle of a transaction loses it, and its locks are released', async () => {
  const tables = await opened('locked')
  const { table } = jarSystem().projections[0]!
  await tables.open(table)
  const sleeper = await postgresDatabase({ connectionString: server.connectionString })
  const slept = sleeper.transaction(async (query) => {
    await query(`LOCK TABLE locked.${table.name} IN ACCESS EXCLUSIVE MODE`)
    await tables.select(table)
    await query('SELECT 1')
  })
  await expect(slept).rejects.toThrow(/terminat|idle-in-transaction|connection error/)
  await sleeper.close()
})

async function filled(): Promise<{ dir: string; store: EventStore }> {
  const dir = freshDir()
  const store = await fileStore({ dir, limits: jarLimits })
  onTestFinished(() => store.close())
  await append(store, 1_500)
  return { dir, store }
}

async function append(store: EventStore, count: number): Promise<void> {
  const draw = draws(seed + (await store.head()).position)
  for (let appended = 0; appended < count; ) {
    const events = someEvents(draw)
    await store.append({ events })
    appended += events.length
  }
}

async function opened(schema: string): Promise<ReadTables> {
  const tables = await postgresTables({ connectionString: server.connectionString, schema })
  onTestFinished(() => tables.close())
  return tables
}

/** The content hashes of this many rebuilds by one process. Before the first it may have to wait for a lease. */
async function rebuilt(process: Projecting, count: number): Promise<readonly string[]> {
  const done = () => process.lines.filter((line) => line.startsWith(`rebuilt ${name}`))
  const end = performance.now() + 30_000
  while (done().length < count) {
    if (performance.now() > end) expect.fail(`not rebuilt ${count} times: ${process.lines.slice(-8).join('; ')}`)
    await pause(20)
  }
  return done().map((line) => line.split(' ')[3]!)
}
