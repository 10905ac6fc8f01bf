// Work that folds the whole log: how much of it may run at the same time.
import { bigint, defineSystem, ProjectionOperator, projection, startSystem, text } from 'indelible'
import { memoryStore, memoryTables } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { CashPaidIn, PayIn, parts, statuses } from './till.ts'

/** Stands for another version of the code. */
const tableOf = (name: string, factor = 1) =>
  projection(name, {
    table: { till: text().key(), cash: bigint() },
    version: factor,
  }).write(CashPaidIn, ({ amount }, { streamId }) => ({ till: streamId, cash: amount * (factor > 1 ? 2 : 1) }))
const names = ['a', 'b', 'c', 'd', 'e']
const systemOf = (factor = 1) =>
  defineSystem({ name: 'tills', commands: [PayIn], projections: names.map((name) => tableOf(name, factor)) })

/** A store that begins to fold the log only when it is released, and counts the waiting folds. */
function heldStore() {
  const store = memoryStore()
  let gate: Promise<void> | undefined
  const folding = { now: 0, most: 0 }
  const held: typeof store = {
    ...store,
    // Another system may run on it later.
    close: async () => {},
    async *replay(types, options) {
      // Followers begin later.
      if (options.after > 0) return yield* store.replay(types, options)
      folding.most = Math.max(folding.most, ++folding.now)
      try {
        await gate
        yield* store.replay(types, options)
      } finally {
        folding.now--
      }
    },
  }
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    return resolve
  }
  return { store: held, folding, hold }
}

async function startedTills() {
  const held = heldStore()
  const shared = parts({ store: held.store, tables: { ...memoryTables(), close: async () => {} } })
  const system = startSystem(systemOf(), shared)
  await system.send(PayIn('1', { amount: 7 }))
  for (const name of names) await system.waitFor({ name }, 1)
  return { ...held, ...shared, system }
}

const busy = (message: RegExp) => ({ code: 'projection_busy', message: expect.stringMatching(message) })

test.each(['in the process that runs them', 'beside it'])(
  'a table has one comparison or build at a time, %s',
  async (where) => {
    const { system, folding, hold, store, tables } = await startedTills()
    const beside = new ProjectionOperator(system.system, { store, tables })
    const verify = (name: string) => (where === 'beside it' ? beside.verify(name) : system.verifyTable({ name }))
    const rebuild = (name: string) => (where === 'beside it' ? beside.rebuild(name) : system.rebuild({ name }))
    for (const [first, what] of [
      [verify, 'compared with the log'],
      [rebuild, 'rebuilt'],
    ] as const) {
      const release = hold()
      const underWay = first('a')
      await vi.waitFor(() => expect(folding.now).toBe(1))
      const refused = busy(new RegExp(`^The table of "a" is already being ${what}`))
      for (let n = 0; n < 60; n++) await expect(verify('a')).rejects.toMatchObject(refused)
      await expect(rebuild('a')).rejects.toMatchObject(refused)
      expect(folding.now).toBe(1)
      release()
      await underWay
      expect(await verify('a')).toMatchObject({ differing: 0 })
    }
    await system.close()
  },
)

test('at most two tables are compared or built at once, and the status says which', async () => {
  const { system, folding, hold } = await startedTills()
  const release = hold()
  const underWay = [system.verifyTable({ name: 'a' }), system.rebuild({ name: 'b' })]
  await vi.waitFor(() => expect(folding.now).toBe(2))
  const refused = busy(/At most 2 tables .* at the same time: "a" is being compared with the log, "b" is being rebuilt/)
  await expect(system.verifyTable({ name: 'c' })).rejects.toMatchObject(refused)
  await expect(system.rebuild({ name: 'c' })).rejects.toMatchObject(refused)
  release()
  await Promise.all(underWay)
  expect(await system.verifyTable({ name: 'c' })).toMatchObject({ rows: 1, differing: 0 })
  await system.close()
})

test('an aborted request makes room for the next', async () => {
  const { system, folding, hold } = await startedTills()
  const release = hold()
  const stop = new AbortController()
  const given = [system.verifyTable({ name: 'a' }, stop), system.verifyTable({ name: 'b' }, stop)]
  await vi.waitFor(() => expect(folding.now).toBe(2))
  stop.abort()
  release()
  for (const each of given) await expect(each).rejects.toMatchObject({ code: 'aborted' })
  for (const name of names) expect(await system.verifyTable({ name })).toMatchObject({ differing: 0 })
  await system.close()
})

test('tables of changed code are built in turn, and requests for them are refused as busy meanwhile', async () => {
  const before = await startedTills()
  await before.system.close()
  const { folding, hold } = before
  const release = hold()
  folding.most = 0
  await using after = startSystem(systemOf(2), before)
  await vi.waitFor(() => expect(folding.now).toBe(2))
  const states = async () => (await statuses(after, 'projection')).map(({ state }) => state)
  await vi.waitFor(async () => expect(await states()).toEqual(names.map(() => 'rebuilding')))
  // One of these is built already, another one waits.
  for (const name of names) await expect(after.verifyTable({ name })).rejects.toMatchObject({ code: 'projection_busy' })
  release()
  for (const name of names) {
    await after.waitFor({ name }, 1)
    expect(await after.select(tableOf(name, 2))).toEqual([{ till: '1', cash: 14 }])
  }
  expect(folding.most).toBe(2)
  expect(await after.verifyTable({ name: 'e' })).toMatchObject({ differing: 0 })
})

test('a table that waits for its turn can be paused, and then lets others go first', async () => {
  const before = await startedTills()
  await before.system.close()
  const { folding, hold } = before
  const release = hold()
  await using after = startSystem(systemOf(2), before)
  await vi.waitFor(() => expect(folding.now).toBe(2))
  for (const name of ['c', 'd', 'e']) await after.consumers.pause({ name })
  await vi.waitFor(async () => {
    const paused = (await statuses(after, 'projection')).filter(({ state }) => state === 'paused')
    expect(paused.map(({ name }) => name)).toEqual(['c', 'd', 'e'])
  })
  release()
  for (const name of ['a', 'b']) await after.waitFor({ name }, 1)
  await vi.waitFor(() => expect(folding.now).toBe(0))
  await after.consumers.resume({ name: 'e' })
  await after.waitFor({ name: 'e' }, 1)
})
