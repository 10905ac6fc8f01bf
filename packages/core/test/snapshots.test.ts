import { aggregate, defineSystem, type EventStore, refusal, type SystemParts, startSystem } from 'indelible'
import { memorySnapshots, memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { CashPaidIn, parts } from './till.ts'

const Told = refusal('Told', z.object({ cash: z.int() }))

/** A till whose evolve code differs by the factor. */
function tillSystem(factor: 1 | 2) {
  const till = aggregate('till', { initialState: { cash: 0 }, version: factor }).on(
    CashPaidIn,
    (state, { amount }) => ({
      cash: state.cash + factor * amount,
    }),
  )
  const PayIn = till.command('PayIn', {
    input: z.object({ amount: z.int() }),
    emits: [CashPaidIn],
    decide: (_state, { amount }) => CashPaidIn({ amount }),
  })
  const Tell = till.command('Tell', {
    input: z.object({}),
    emits: [],
    refuses: [Told],
    decide: ({ cash }) => Told({ cash }),
  })
  return { system: defineSystem({ name: 'tills', commands: [PayIn, Tell] }), PayIn, Tell }
}

/** Counts the events that are read. */
function counting(store: EventStore): EventStore & { eventsRead: number } {
  const counter = {
    ...store,
    eventsRead: 0,
    async *read(...args: Parameters<EventStore['read']>) {
      for await (const batch of store.read(...args)) {
        counter.eventsRead += batch.events.length
        yield batch
      }
    },
  }
  return counter
}

async function payIn(shared: SystemParts, times: number): Promise<void> {
  const { system, PayIn } = tillSystem(1)
  const running = startSystem(system, shared)
  for (let n = 0; n < times; n++) await running.send(PayIn('1', { amount: 1 }))
}

test('after 250 events an aggregate is loaded from its snapshot at 200 and the 50 events after it', async () => {
  const store = counting(memoryStore())
  const shared = parts({ store })
  await payIn(shared, 250)
  store.eventsRead = 0
  const { system, Tell } = tillSystem(1)
  const outcome = await startSystem(system, shared).send(Tell('1', {}))
  expect(outcome).toMatchObject({ reason: 'Told', details: { cash: 250 } })
  expect(store.eventsRead).toBe(50)
})

test('below 100 events there is no snapshot', async () => {
  const snapshots = memorySnapshots()
  const saved: number[] = []
  const watching = {
    ...snapshots,
    save: async (snapshot: Parameters<typeof snapshots.save>[0]) => void saved.push(snapshot.version),
  }
  await payIn(parts({ snapshots: watching }), 99)
  expect(saved).toEqual([])
  await payIn(parts({ snapshots: watching }), 301)
  expect(saved).toEqual([100, 200, 300])
})

test('changed evolve code never reads an old snapshot', async () => {
  const store = counting(memoryStore())
  const shared = parts({ store })
  await payIn(shared, 120)
  store.eventsRead = 0
  const { system, Tell } = tillSystem(2)
  expect(await startSystem(system, shared).send(Tell('1', {}))).toMatchObject({ details: { cash: 240 } })
  expect(store.eventsRead).toBe(120)
})

test('a snapshot from beyond the end of the log is not believed', async () => {
  const snapshots = memorySnapshots()
  await payIn(parts({ snapshots }), 150)
  const older = parts({ snapshots })
  await payIn(older, 3)
  const { system, Tell } = tillSystem(1)
  expect(await startSystem(system, older).send(Tell('1', {}))).toMatchObject({ details: { cash: 3 }, version: 3 })
})

test('a state that JSON would change is folded from its events instead', async () => {
  const seen = aggregate('seen', {
    initialState: { amounts: new Set<number>(), lowest: Number.POSITIVE_INFINITY },
  }).on(CashPaidIn, ({ amounts, lowest }, { amount }) => ({
    amounts: new Set([...amounts, amount]),
    lowest: Math.min(lowest, amount),
  }))
  const Seen = refusal('Seen', z.object({ lowest: z.int() }))
  const See = seen.command('See', {
    input: z.object({ amount: z.int() }),
    emits: [CashPaidIn],
    refuses: [Seen],
    decide: ({ amounts, lowest }, { amount }) => (amounts.has(amount) ? Seen({ lowest }) : CashPaidIn({ amount })),
  })
  const shared = parts()
  const system = defineSystem({ name: 'seen', commands: [See] })
  const first = startSystem(system, shared)
  for (let n = 1; n <= 120; n++) await first.send(See('1', { amount: n }))
  expect(await startSystem(system, shared).send(See('1', { amount: 5 }))).toMatchObject({
    reason: 'Seen',
    details: { lowest: 1 },
  })
})

test('a snapshot that cannot be kept does not fail the command', async () => {
  const snapshots = { load: async () => undefined, save: () => Promise.reject(new Error('disk full')) }
  await payIn(parts({ snapshots }), 101)
})
