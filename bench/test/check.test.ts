// The figures are worth only as much as the checks, so the checks must notice a store that cheats.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { appenders } from '../src/append.ts'
import type { BenchContext } from '../src/case.ts'
import { nodeSqlite } from '../src/peers/node-sqlite.ts'
import type { Subject } from '../src/subject.ts'

const load = { loop: { clients: 4, warmupMs: 5, measureMs: 20, actsPerLook: 1 }, eventsPerCommit: 2 }

/** Measures the SQLite peer with one behaviour changed. */
async function measure(change: (honest: Subject) => Partial<Subject>): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-bench-check-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const cheat = {
    name: 'cheat',
    open: async (place: string) => {
      const honest = await nodeSqlite.open(place)
      return { ...honest, ...change(honest) }
    },
  }
  const context: BenchContext = {
    scale: 'tiny',
    rounds: 1,
    peers: () => [],
    scratch: () => join(dir, 'store'),
    bigLog: () => Promise.reject(new Error('not needed')),
    bankLog: () => Promise.reject(new Error('not needed')),
    database: () => Promise.reject(new Error('not needed')),
    modulesOf: () => undefined,
    progress: () => {},
  }
  return await appenders([cheat], load, context).cheat!()
}

test('a correct store gets a rate', async () => {
  expect(await measure(() => ({}))).toBeGreaterThan(0)
})

test('a store that forgets an event is noticed', async () => {
  const forgetful = (honest: Subject) => ({
    append: (...[stream, version, events]: Parameters<Subject['append']>) =>
      version === 4 ? Promise.resolve() : honest.append(stream, version, events),
  })
  await expect(measure(forgetful)).rejects.toThrow(/is not at|has all of/)
})

test('a store that changes what it was given is noticed', async () => {
  const careless = (honest: Subject) => ({
    append: (...[stream, version, events]: Parameters<Subject['append']>) =>
      honest.append(
        stream,
        version,
        events.map((event) => ({ ...event, amount: 1 })),
      ),
  })
  await expect(measure(careless)).rejects.toThrow(/is what was written/)
})

test('a store that takes a stale version is noticed', async () => {
  const lax = (honest: Subject) => ({
    append: (...[stream, version, events]: Parameters<Subject['append']>) =>
      honest.append(stream, version, events).catch(() => {}),
  })
  await expect(measure(lax)).rejects.toThrow(/refuses an append with a stale version/)
})
