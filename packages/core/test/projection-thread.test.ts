// Projections on a separate thread: they answer as projections on this thread do, and a thread that ends is replaced.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectionThread, type RunningSystem, startSystem } from 'indelible'
import { fileStore } from 'indelible/file'
import { expect, test, vi } from 'vitest'
import { temporaryDirectory } from '../src/file/test-support.ts'
import { parts, statuses, tills, tillTable } from './till.ts'

const module = new URL('./threaded-projections.ts', import.meta.url)
const patient = { timeout: 20_000, interval: 20 }

async function start({ dir = temporaryDirectory(), from = module }: { dir?: string; from?: URL } = {}) {
  const notices: { kind: string; message?: string }[] = []
  const store = await fileStore({ dir: join(dir, 'log') })
  const system = startSystem(tills, {
    ...parts({ store }),
    projections: projectionThread(from, { workerData: { dir } }),
    onNotice: (notice) => notices.push(notice),
  })
  return { dir, store, system, notices }
}

async function payIn(system: RunningSystem, events: number): Promise<number> {
  const list = Array.from({ length: events }, (_, n) => ({
    stream: `till-${n % 10}` as const,
    type: 'CashPaidIn',
    data: { amount: 1 + n },
  }))
  await system.store.append({ events: list })
  return (await system.store.head()).position
}

test('answers, progress and errors arrive from the thread unchanged', async () => {
  const { system } = await start()
  await using _ = system
  const position = await payIn(system, 5_000)
  await system.waitFor(tillTable, position)
  const [status] = await statuses(system, 'projection')
  expect(status).toMatchObject({ name: 'tills', state: 'running', position, lagEvents: 0 })
  const phases = new Set<string>()
  const report = await system.rebuild(tillTable, { progress: ({ phase }) => phases.add(phase) })
  expect(report).toMatchObject({ rows: 10, position })
  expect([...phases]).toEqual(['folding', 'writing', 'verifying', 'replacing'])
  expect(await system.verifyTable(tillTable)).toMatchObject({ rows: 10, differing: 0 })
  // The log also records the principal of the rebuild.
  const head = position + 1
  await system.waitFor(tillTable, head)
  await expect(system.waitFor(tillTable, head + 1, { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'wait_timeout',
    details: { reached: head },
  })
  await expect(system.waitFor({ name: 'nothing' }, 1)).rejects.toMatchObject({ code: 'unknown_consumer' })
  await expect(system.rebuild({ name: 'nothing' })).rejects.toMatchObject({ code: 'unknown_projection' })
  await expect(system.rebuild(tillTable, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
  await system.consumers.pause(tillTable)
  await vi.waitFor(async () => expect((await statuses(system, 'projection'))[0]!.state).toBe('paused'), patient)
  const later = await payIn(system, 1)
  await system.consumers.resume(tillTable)
  await system.waitFor(tillTable, later)
})

test.each([
  ['throws where nobody catches', 'Out of luck.'],
  ['exits', 'exit'],
])('a thread that %s is replaced, and waiting callers get an error', async (_what, accident) => {
  const { dir, system, notices } = await start()
  await using _ = system
  await system.waitFor(tillTable, await payIn(system, 100))
  await system.health()
  const waiting = system.waitFor(tillTable, 1_000, { timeoutMs: 60_000 }).catch((error) => error)
  writeFileSync(join(dir, 'accident'), accident)
  expect(await waiting).toMatchObject({ code: 'projections_ended', retryable: true })
  expect(await statuses(system, 'projection')).toMatchObject([
    { name: 'tills', state: 'retrying', position: 100, error: { code: 'projections_ended' } },
  ])
  const position = await payIn(system, 100)
  await vi.waitFor(() => system.waitFor(tillTable, position), patient)
  expect(notices).toEqual([{ kind: 'thread ended', message: expect.stringContaining('The thread') }])
  if (accident !== 'exit') expect(notices[0]!.message).toContain(accident)
})

test('a thread that spins is reported in time with its last known status, and works again when it can', async () => {
  const { dir, system, notices } = await start()
  await using _ = system
  await system.waitFor(tillTable, await payIn(system, 100), { timeoutMs: patient.timeout })
  await system.health()
  writeFileSync(join(dir, 'accident'), 'spin')
  await vi.waitFor(() => expect(existsSync(join(dir, 'accident'))).toBe(false), patient)
  const position = await payIn(system, 10)
  const silent = { code: 'projections_ended', message: expect.stringContaining('has not answered') }
  expect(await statuses(system, 'projection')).toMatchObject([
    { name: 'tills', state: 'retrying', position: 100, lagEvents: 10, error: silent },
  ])
  await expect(system.waitFor(tillTable, position, { timeoutMs: 20 })).rejects.toMatchObject(silent)
  const signal = AbortSignal.timeout(20)
  await expect(system.rebuild(tillTable, { signal })).rejects.toMatchObject(silent)
  writeFileSync(join(dir, 'enough'), '')
  await vi.waitFor(() => system.waitFor(tillTable, position), patient)
  expect(await statuses(system, 'projection')).toMatchObject([{ state: 'running', position }])
  // The table was late for seconds; whether that is visible before it has caught up is a matter of chance.
  expect(notices.filter(({ kind }) => kind !== 'stale' && kind !== 'fresh')).toEqual([])
})

test('a thread that cannot start reports why, and starts when it can', async () => {
  const dir = temporaryDirectory()
  writeFileSync(join(dir, 'locked'), '')
  const { system, notices } = await start({ dir })
  await using _ = system
  const position = await payIn(system, 10)
  const ended = { code: 'projections_ended', message: expect.stringContaining('The door is locked.') }
  await expect(system.waitFor(tillTable, position)).rejects.toMatchObject(ended)
  expect(await statuses(system, 'projection')).toMatchObject([{ state: 'retrying', lagEvents: 10, error: ended }])
  await vi.waitFor(() => expect(notices.length).toBeGreaterThan(2), patient)
  rmSync(join(dir, 'locked'))
  await vi.waitFor(() => system.waitFor(tillTable, position), patient)
})

test('a thread that needs long to open its tables soon reports the obstacle', async () => {
  const dir = temporaryDirectory()
  writeFileSync(join(dir, 'busy'), '')
  const { system } = await start({ dir })
  await using _ = system
  const waited = system.waitFor(tillTable, 1, { timeoutMs: 100 })
  await expect(waited).rejects.toMatchObject({
    code: 'projections_ended',
    message: expect.stringContaining('The door is in use.'),
  })
  rmSync(join(dir, 'busy'))
  const position = await payIn(system, 10)
  await vi.waitFor(() => system.waitFor(tillTable, position), patient)
})

test('an error thrown by a progress callback ends the call and nothing else', async () => {
  const { system } = await start()
  await using _ = system
  await system.waitFor(tillTable, await payIn(system, 100))
  const progress = () => {
    throw new Error('The screen is full.')
  }
  await expect(system.rebuild(tillTable, { progress })).rejects.toThrow('The screen is full.')
  await vi.waitFor(() => system.rebuild(tillTable), patient)
})

test('a thread whose module is missing is reported, and the system still closes', async () => {
  const { system } = await start({ from: new URL('./nowhere.ts', import.meta.url) })
  await expect(system.waitFor(tillTable, 1)).rejects.toMatchObject({
    code: 'projections_ended',
    message: expect.stringContaining('nowhere.ts'),
  })
  await system.close()
})

test('a system closes while its thread starts, works or has just ended', async () => {
  for (const accident of [undefined, 'exit']) {
    for (const waitMs of [0, 20, 60, 200]) {
      const { dir, system } = await start()
      const position = await payIn(system, 2_000)
      const waiting = system.waitFor(tillTable, position).catch((error) => error)
      const rebuilding = system.rebuild(tillTable).catch((error) => error)
      if (accident) writeFileSync(join(dir, 'accident'), accident)
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      await system.close()
      // Either it was done before, or it was not.
      for (const outcome of [await waiting, await rebuilding]) {
        if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'IndelibleError' })
      }
    }
  }
})
