// Code is identified by the version that it declares. Where its text differs, rows and states are compared with the log before anything is built again.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  aggregate,
  bigint,
  type Columns,
  defineSystem,
  event,
  type Projection,
  projection,
  type ReadTables,
  type RunningSystem,
  type SnapshotStore,
  type System,
  type SystemNotice,
  startSystem,
  text,
} from 'indelible'
import { memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { rolldown } from 'rolldown'
import { afterAll, expect, test, vi } from 'vitest'
import { z } from 'zod'

const Counted = event('Counted', z.object({ by: z.int() }))
const table = { id: text().key(), sum: bigint() }

/** The same system each time, except for the functions that make states and rows. */
function counters(code: {
  readonly state: (sum: number, by: number) => number
  readonly row: (sum: number, by: number) => number
  readonly version?: number
}): System & { readonly sums: Projection<typeof table & Columns> } {
  const version = code.version ?? 1
  // The parameter changes the text of these functions, as minification would.
  const evolve = written('(state, { by }) => ({ sum: code.state(state.sum, by) })', code.state)(code)
  const change = written('(row, { by }) => ({ ...row, sum: code.row(row.sum, by) })', code.row)(code)
  const counter = aggregate('counter', { version, initialState: { sum: 0 } }).on(Counted, evolve)
  const Count = counter.command('Count', {
    input: z.object({ by: z.int() }),
    emits: [Counted],
    decide: (_state, { by }) => Counted({ by }),
  })
  const sums = projection('sums', { version, table }).on(
    Counted,
    { initial: (_key, _data, { streamId }) => ({ id: streamId, sum: 0 }) },
    change,
  )
  return Object.assign(defineSystem({ name: 'counters', commands: [Count], projections: [sums] }), { sums }) as never
}

/** Makes a function whose text contains the text of the code that it calls. */
function written(arrow: string, called: unknown) {
  return new Function('code', `return ${arrow.replace('=> (', `=> ( /* ${called} */ `)}`)
}

const plain = { state: (sum: number, by: number) => sum + by, row: (sum: number, by: number) => sum + by }
const rewritten = {
  state: (total: number, more: number) => total + more,
  row: (total: number, more: number) => more + total,
}
const other = { state: (sum: number, by: number) => sum + 2 * by, row: (sum: number, by: number) => sum + 2 * by }

interface Kept {
  readonly store: ReturnType<typeof memoryStore>
  readonly tables: ReadTables
  readonly snapshots: SnapshotStore
}

/** Runs a system on the stored data, and keeps the data. */
async function run(
  system: System,
  kept: Kept,
  work: (running: RunningSystem, notices: SystemNotice[]) => Promise<void>,
) {
  const notices: SystemNotice[] = []
  const stay = async () => {}
  const running = startSystem(system, {
    store: { ...kept.store, close: stay },
    tables: { ...kept.tables, close: stay },
    snapshots: kept.snapshots,
    onNotice: (notice) => void notices.push(notice),
  })
  await work(running, notices)
  await running.close()
}

async function filledBy(code: Parameters<typeof counters>[0]): Promise<Kept> {
  const kept = { store: memoryStore(), tables: memoryTables(), snapshots: memorySnapshots() }
  await run(counters(code), kept, async (running) => {
    for (let n = 0; n < 120; n++) await running.send({ type: 'Count', category: 'counter', id: 'a', input: { by: 1 } })
    await running.waitFor({ name: 'sums' }, 120)
  })
  return kept
}

const kinds = (notices: readonly SystemNotice[]) =>
  notices.map(({ kind }) => kind).filter((kind) => kind !== 'stale' && kind !== 'fresh')

test('code with another text that makes the same rows keeps the table, and its name is recorded', async () => {
  const kept = await filledBy(plain)
  const system = counters(rewritten)
  const [before] = await kept.tables.list()
  expect(before!.code).not.toBe(system.sums.table.code)
  await run(system, kept, async (running, notices) => {
    await vi.waitFor(async () => expect((await kept.tables.list())[0]!.code).toBe(system.sums.table.code), 10_000)
    await running.send({ type: 'Count', category: 'counter', id: 'a', input: { by: 1 } })
    await running.waitFor({ name: 'sums' }, 121)
    expect(await running.select(system.sums)).toEqual([{ id: 'a', sum: 121 }])
    expect(kinds(notices)).toEqual([])
  })
  expect((await kept.tables.list())[0]!.generation).toBe(before!.generation)
})

test('code that makes other rows under the same version is detected, and the table is rebuilt', async () => {
  const kept = await filledBy(plain)
  const system = counters(other)
  await run(system, kept, async (running, notices) => {
    await vi.waitFor(() => expect(kinds(notices)).toContain('rebuilt'), 10_000)
    expect(kinds(notices)).toEqual(expect.arrayContaining(['version not raised', 'rebuilding', 'rebuilt']))
    expect(notices.find(({ kind }) => kind === 'version not raised')).toMatchObject({
      name: 'sums',
      difference: { key: { id: 'a' }, table: { id: 'a', sum: 120 }, log: { id: 'a', sum: 240 } },
    })
    expect(await running.select(system.sums)).toEqual([{ id: 'a', sum: 240 }])
  })
})

test('a higher version rebuilds the table without a comparison', async () => {
  const kept = await filledBy(plain)
  const system = counters({ ...other, version: 2 })
  await run(system, kept, async (running, notices) => {
    await vi.waitFor(() => expect(kinds(notices)).toEqual(['rebuilding', 'rebuilt']), 10_000)
    expect(await running.select(system.sums)).toEqual([{ id: 'a', sum: 240 }])
  })
})

test('a snapshot of code that makes another state is not used, and this is reported', async () => {
  const kept = await filledBy(plain)
  await run(counters(other), kept, async (running, notices) => {
    await running.send({ type: 'Count', category: 'counter', id: 'a', input: { by: 1 } })
    expect(notices).toContainEqual(
      expect.objectContaining({ kind: 'version not raised', name: 'counter', stream: 'counter-a' }),
    )
  })
})

const dir = mkdtempSync(join(tmpdir(), 'indelible-minified-'))
afterAll(() => rmSync(dir, { recursive: true }))

test('a minified build of the bank continues with the tables and snapshots of its source', async () => {
  const source = resolve('examples/bank/bank.ts')
  const bundle = await rolldown({ input: source, external: [/^indelible/, 'zod'], logLevel: 'silent' })
  const file = resolve(`examples/bank/.minified-${process.pid}.mjs`)
  try {
    await bundle.write({ file, format: 'esm', minify: true })
    const [{ bank }, built] = await Promise.all([import(pathToFileURL(source).href), import(pathToFileURL(file).href)])
    const minified: System = built.bank
    const kept = { store: memoryStore(), tables: memoryTables(), snapshots: memorySnapshots() }
    await run(bank, kept, async (running) => {
      await running.send({ type: 'OpenAccount', category: 'account', id: 'ann', input: { owner: 'Ann' } })
      for (let n = 0; n < 120; n++)
        await running.send({ type: 'DepositFunds', category: 'account', id: 'ann', input: { amount: 1 } })
      for (const { name } of running.system.projections) await running.waitFor({ name }, 121)
    })
    const before = await kept.tables.list()
    expect(minified.projections.map(({ table }) => table.fingerprint)).toEqual(
      before.map(({ fingerprint }) => fingerprint),
    )
    expect(minified.projections.map(({ table }) => table.code)).not.toEqual(before.map(({ code }) => code))
    await run(minified, kept, async (running, notices) => {
      await vi.waitFor(async () => {
        const codes = (await kept.tables.list()).map(({ code }) => code)
        expect(codes).toEqual(minified.projections.map(({ table }) => table.code))
      }, 10_000)
      await running.send({ type: 'WithdrawFunds', category: 'account', id: 'ann', input: { amount: 20 } })
      for (const { name } of minified.projections) await running.waitFor({ name }, 122)
      expect(kinds(notices)).toEqual([])
    })
    const after = await kept.tables.list()
    expect(after.map(({ generation }) => generation)).toEqual(before.map(({ generation }) => generation))
  } finally {
    rmSync(file, { force: true })
  }
})
