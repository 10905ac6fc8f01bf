// Processes that project, and their database server, are killed at any moment, again and again: every event is in every table once.
import { setTimeout as pause } from 'node:timers/promises'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import type { EventStore } from 'indelible'
import { fileStore } from 'indelible/file'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Draw, draws, hours, long, seed } from '../../../scripts/campaign.ts'
import { postgresTables } from '../src/server/index.ts'
import { jarLimits, jarSystem, someEvents } from './jars.ts'
import {
  answering,
  caughtUp,
  checkTables,
  freshDir,
  type Projecting,
  projecting,
  serverPids,
  started,
} from './support.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server?.remove())

const kills = long ? 50 : 3
/** After this many kills the test waits until the tables have caught up with the log. */
const checkedEvery = long ? 5 : 2
/** What is killed, with its weight. */
const victims = ['process', 'process', 'process', 'backend', 'server', 'connection', 'process and server'] as const

test(`processes and the server killed ${kills} times: each event is in each table once`, hours, async () => {
  const next = draws()
  const dir = freshDir()
  const options = { connectionString: server.connectionString, schema: 'kills' }
  const tables = await postgresTables(options)
  onTestFinished(() => tables.close())
  let store = await fileStore({ dir, limits: jarLimits })
  onTestFinished(() => store.close())
  const count: Record<string, number> = {}
  const counted = (what: string) => {
    count[what] = 1 + (count[what] ?? 0)
  }
  let revision = 1
  let child: Projecting | undefined
  let last = 0

  for (let kill = 1; kill <= kills; kill++) {
    if (next(4) === 0) revision++
    const appends = next(3) === 0
    if (child && (appends || next(2) === 0)) {
      await child.kill()
      child = undefined
    }
    const writing = appends ? undefined : appending(store, next)
    if (appends) await store.close()
    child ??= await projecting({ dir, ...options, revision, appends, rebuilds: next(3) > 0 })
    // Sometimes at any moment, sometimes at the end of a rebuild.
    if (next(3) === 0) {
      if (await child.said(next(2) === 0 ? 'phase replacing' : 'phase writing', { timeoutMs: 1_500 })) {
        await pause(next(6))
        counted('aimed')
      }
    } else await pause(next(1_200))

    const victim = victims[next(victims.length)]!
    const phase = child.lines.findLast((line) => /^(phase|rebuilt|failed|notice)/.test(line))?.split(' ')
    if (phase?.[0] === 'phase') counted(`while ${phase[1]}`)
    counted(victim)
    const { postmaster, backends } = await serverPids(options, 'indelible')
    if (victim.startsWith('process')) await child.kill()
    if (victim === 'backend' && backends.length > 0) process.kill(backends[next(backends.length)]!, 'SIGKILL')
    if (victim === 'connection' && backends.length > 0) process.kill(backends[next(backends.length)]!, 'SIGTERM')
    if (victim.endsWith('server')) {
      process.kill(postmaster, 'SIGKILL')
      await pause(next(300))
      await started(server)
    }
    if (appends && !victim.startsWith('process')) await child.kill()
    if (appends || victim.startsWith('process')) child = undefined
    await writing?.stop()
    if (appends) store = await fileStore({ dir, limits: jarLimits })
    await answering(tables)
    // Other processes continue meanwhile, so each table is compared as of one moment.
    const reached = await checkTables(tables, store)
    expect(reached).toBeGreaterThanOrEqual(0)
    if (kill % checkedEvery === 0 || kill === kills) {
      if (child) await child.kill()
      child = await projecting({ dir, ...options, revision })
      await caughtUp({ tables, store, revision })
      last = (await store.head()).position
    }
  }
  const counts = Object.entries(count).map(([what, times]) => `${what} ${times}`)
  console.log(
    `projections: ${kills} kills (${counts.sort().join(', ')}), ${revision} revisions of the code, ${last} events, ` +
      `each in 4 tables once, seed ${seed}`,
  )
})

const takeovers = long ? 20 : 1

test(
  `of two processes on one projection the holder is killed ${takeovers} times: the other one takes over`,
  hours,
  async () => {
    const next = draws()
    const dir = freshDir()
    const options = { connectionString: server.connectionString, schema: 'takeovers' }
    const tables = await postgresTables(options)
    onTestFinished(() => tables.close())
    const store = await fileStore({ dir, limits: jarLimits })
    onTestFinished(() => store.close())
    const writing = appending(store, next)
    let [holder, other] = [
      await projecting({ dir, ...options, revision: 1 }),
      await projecting({ dir, ...options, revision: 1 }),
    ]
    const took: number[] = []
    for (let kill = 0; kill < takeovers; kill++) {
      // The holder of the counts may not hold the other tables. Whichever process is killed, all tables must continue.
      const holds = (process: Projecting) => stateOf(process, 'jar_counts') === 'running'
      await until('one runs the projection', async () => holds(holder) !== holds(other))
      if (!holds(holder)) [holder, other] = [other, holder]
      await pause(next(800))
      await holder.kill()
      const killed = performance.now()
      const { position } = await store.head()
      for (const { name, table } of jarSystem().projections) {
        await until(`${name} goes on`, async () => (await tables.state(table)).position > position)
      }
      took.push(performance.now() - killed)
      await checkTables(tables, store)
      holder = other
      other = await projecting({ dir, ...options, revision: 1 })
    }
    await writing.stop()
    await caughtUp({ tables, store, revision: 1 })
    const times = took.map((ms) => ms.toFixed(0)).join(', ')
    console.log(
      `takeovers: all 4 tables went on after ${times} ms, ${(await store.head()).position} events once, seed ${seed}`,
    )
  },
)

/** Longer than any lease. Before that, a rebuild by the other process moves a table on. */
const beyondLeaseMs = 3_500

test('a process that sleeps beyond its lease writes nothing wrong when it wakes', hours, async () => {
  const next = draws()
  const dir = freshDir()
  const options = { connectionString: server.connectionString, schema: 'sleepers', revision: 1 }
  const tables = await postgresTables(options)
  onTestFinished(() => tables.close())
  const store = await fileStore({ dir, limits: jarLimits })
  onTestFinished(() => store.close())
  const writing = appending(store, next)
  const both = [await projecting({ dir, ...options }), await projecting({ dir, ...options, rebuilds: long })]
  const counts = jarSystem().projections[0]!.table
  const stalls: number[] = []
  for (let nap = 0; nap < (long ? 20 : 1); nap++) {
    const sleeper = both.find((process) => stateOf(process, 'jar_counts') === 'running') ?? both[0]!
    await pause(next(500))
    process.kill(sleeper.pid, 'SIGSTOP')
    const stopped = performance.now()
    const { position } = await store.head()
    await until('another goes on', async () => (await tables.state(counts)).position > position)
    const stalled = performance.now() - stopped
    stalls.push(stalled)
    await pause(Math.max(0, beyondLeaseMs - stalled) + next(1_000))
    process.kill(sleeper.pid, 'SIGCONT')
    await pause(next(300))
    await checkTables(tables, store)
  }
  await writing.stop()
  await caughtUp({ tables, store, revision: 1 })
  for (const { lines } of both) expect(lines.filter((line) => line.startsWith('notice parked'))).toEqual([])
  const times = stalls.map((ms) => ms.toFixed(0)).join(', ')
  console.log(`sleepers: another went on after ${times} ms, ${(await store.head()).position} events once, seed ${seed}`)
})

/** The last state of a projection that a process printed. */
function stateOf({ lines }: Projecting, name: string): string | undefined {
  return lines.findLast((line) => line.startsWith('state ') && line.split(' ')[2] === name)?.split(' ')[1]
}

async function until(what: string, isSo: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > end) expect.fail(`not within ${timeoutMs} ms: ${what}`)
    await pause(20)
  }
}

/** Appends until it is stopped. */
function appending(store: EventStore, next: Draw): { stop(): Promise<void> } {
  let isOver = false
  const own = draws(next(2 ** 31))
  const running = (async () => {
    while (!isOver) {
      await store.append({ events: someEvents(own) })
      await pause(own(10))
    }
  })()
  // The process that stops it gets the error.
  running.catch(() => {})
  return {
    async stop() {
      isOver = true
      await running
    },
  }
}
