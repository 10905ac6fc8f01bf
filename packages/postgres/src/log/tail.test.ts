// Followers of a log that several processes write: whatever they ask for, wherever they begin, and however they are behind, they get what a reader gets.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import fc from 'fast-check'
import type { Commit, EventStore, Position, Query } from 'indelible'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { long } from '../../../../scripts/campaign.ts'
import { commit, query } from '../../../core/test/store-draws.ts'
import { postgresStore } from './event-store.ts'
import { tailEventsMax } from './limits.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

const open = async (log: string) => {
  const store = await postgresStore({ connectionString: server.connectionString, log })
  onTestFinished(() => store.close())
  return store
}

/** Follows until it is stopped. */
function follow(store: EventStore, query: Query, { after, reserved }: { after: Position; reserved: boolean }) {
  const stop = new AbortController()
  const follower = { seen: [] as string[], through: after }
  const following = (async () => {
    for await (const { events, through } of store.subscribe(query, { after, reserved, signal: stop.signal })) {
      follower.seen.push(...events.map((event) => JSON.stringify(event)))
      follower.through = through
    }
  })()
  return {
    async upTo(head: Position) {
      while (follower.through < head) await Promise.race([new Promise((resolve) => setTimeout(resolve, 1)), following])
      stop.abort()
      await following
      const read = await Array.fromAsync(store.read(query, { from: after + 1, to: follower.through, reserved }))
      expect(follower.seen).toEqual(read.flatMap(({ events }) => events.map((event) => JSON.stringify(event))))
    },
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.array(commit, { minLength: 1, maxLength: 8 }), by: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ follow: query, reserved: fc.boolean(), by: fc.nat(1), back: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ end: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant('settle' as const) },
)

test('followers of two writers get what readers get', { timeout: 60 * 60_000 }, async () => {
  let logs = 0
  const drawn = fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 40 }), async (steps) => {
    const name = `followed-${++logs}`
    const stores = [await open(name), await open(name)] as const
    const followers: ReturnType<typeof follow>[] = []
    let writing: Promise<unknown>[] = []
    for (const step of steps) {
      if (step === 'settle') {
        await Promise.all(writing)
        writing = []
      } else if ('append' in step)
        for (const each of step.append as unknown as Commit[])
          writing.push(stores[step.by]!.append(each, { reserved: true }))
      else if ('follow' in step) {
        const { position } = await stores[0].head()
        const after = Math.max(0, position - step.back)
        followers.push(follow(stores[step.by]!, step.follow, { after, reserved: step.reserved }))
      } else if (followers.length > 0) {
        const [one] = followers.splice(step.end % followers.length, 1)
        await one!.upTo((await stores[1].head()).position)
      }
    }
    await Promise.all(writing)
    const { position } = await stores[0].head()
    await Promise.all(followers.map((each) => each.upTo(position)))
    await Promise.all(stores.map((store) => store.close()))
  })
  await fc.assert(drawn, { numRuns: long ? 2_000 : 30 })
})

test('a follower who is slower than two writers loses nothing', async () => {
  const stores = [await open('fast'), await open('fast')] as const
  await stores[0].append({ events: [{ stream: 'thing-0', type: 'Happened', data: {} }] })
  const after = 1
  const fast = follow(stores[0], 'all', { after, reserved: false })
  const stop = new AbortController()
  const slow: Position[] = []
  const following = (async () => {
    for await (const { events, through } of stores[0].subscribe('all', { after, signal: stop.signal })) {
      slow.push(...events.map(({ position }) => position))
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (through >= 3 * tailEventsMax) return
    }
  })()
  const commit = (n: number): Commit => ({
    events: Array.from({ length: 64 }, () => ({ stream: `thing-${n}` as const, type: 'Happened', data: { n } })),
  })
  for (let n = 0; n < (3 * tailEventsMax) / 64; n += 64)
    await Promise.all(Array.from({ length: 64 }, (_, k) => stores[k % 2]!.append(commit(n + k))))
  const { position } = await stores[0].head()
  await fast.upTo(position)
  await following
  expect(slow).toEqual(Array.from({ length: slow.length }, (_, index) => index + 2))
  expect(slow.length).toBeGreaterThanOrEqual(3 * tailEventsMax - 1)
})

test('after a log went back, followers wait for what is new and ask no more than before', {
  timeout: 120_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-back-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  // Readable for the user that Postgres runs as.
  execFileSync('chmod', ['755', dir])
  const own = await startPostgresServer({ dir })
  onTestFinished(() => own.remove())
  const data = join(dir, readdirSync(dir)[0]!)
  const { connectionString } = own
  const [store, other] = [await postgresStore({ connectionString }), await postgresStore({ connectionString })]
  onTestFinished(async () => void (await Promise.all([store.close(), other.close()])))
  const add = (events: number, to = store) =>
    to.append({ events: Array.from({ length: events }, () => ({ stream: 'thing-1', type: 'Happened', data: {} })) })
  await add(500)
  await own.stop()
  execFileSync('cp', ['-a', data, `${data}-copy`])
  await own.start()
  const stop = new AbortController()
  const following = (after: Position, seen: Position[]) =>
    (async () => {
      while (!stop.signal.aborted) {
        try {
          for await (const { events, through } of store.subscribe('all', { after, signal: stop.signal })) {
            seen.push(...events.map(({ position }) => position))
            after = through
          }
        } catch {
          await pause(50)
        }
      }
    })()
  const lost = 2 * tailEventsMax
  for (let left = lost; left > 0; left -= 4_096) await add(4_096)
  const [early, late]: [Position[], Position[]] = [[], []]
  const end = 500 + lost
  const followers = [following(end, early)]
  await pause(200)
  await own.stop()
  execFileSync('rm', ['-rf', data])
  execFileSync('mv', [`${data}-copy`, data])
  await own.start()
  await expect.poll(() => store.head().then(({ position }) => position, String), { timeout: 10_000 }).toBe(500)
  followers.push(following(500, late), following(600, []))
  await pause(200)
  const observer = new pg.Client(connectionString)
  await observer.connect()
  onTestFinished(() => observer.end())
  const transactions = async () => {
    await pause(1_200)
    const { rows } = await observer.query('SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()')
    return Number(rows[0].xact_commit)
  }
  const before = await transactions()
  // Two polls, and those of this test.
  expect((await transactions()) - before).toBeLessThan(20)
  await add(100, other)
  await add(100)
  await expect.poll(() => late.length).toBe(200)
  expect(late).toEqual(Array.from({ length: 200 }, (_, index) => 501 + index))
  stop.abort()
  await Promise.all(followers)
})

test.runIf(process.platform === 'linux')(
  'a quiet connection is asked by TCP whether the other end is there, soon',
  async () => {
    const store = await open('quiet')
    const stop = new AbortController()
    const following = Array.fromAsync(store.subscribe('all', { after: 0, signal: stop.signal }))
    onTestFinished(async () => {
      stop.abort()
      await following
    })
    const port = Number(new URL(server.connectionString).port).toString(16).toUpperCase().padStart(4, '0')
    // Address, address of the other end, state, queues, timer and hundredths of a second left (https://docs.kernel.org/networking/proc_net_tcp.html).
    const quiet = new RegExp(`^ *\\d+: \\w+:\\w+ \\w+:${port} 01 \\w+:\\w+ 02:(\\w+)`, 'gm')
    const waits = () =>
      [...readFileSync('/proc/net/tcp', 'utf8').matchAll(quiet)].map(([, left]) => Number(`0x${left}`))
    await expect.poll(() => waits().length).toBeGreaterThan(1)
    expect(Math.max(...waits())).toBeLessThan(6_000)
  },
)
