import {
  aggregate,
  defineSystem,
  type EventStore,
  refusal,
  type SystemNotice,
  type SystemOptions,
  startSystem,
} from 'indelible'
import { memorySnapshots, memoryStore } from 'indelible/memory'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { CashPaidIn, parts } from './till.ts'

const Told = refusal('Told', z.object({ cash: z.int() }))

/** What a till holds after a payment: written in two ways, and something else. */
const codes = {
  plain: (state: { cash: number }, { amount }: { amount: number }) => ({ cash: state.cash + amount }),
  rewritten: ({ cash }: { cash: number }, paid: { amount: number }) => ({ cash: paid.amount + cash }),
  doubled: (state: { cash: number }, { amount }: { amount: number }) => ({ cash: state.cash + 2 * amount }),
}

function tillSystem(code: keyof typeof codes = 'plain', version = 1) {
  const till = aggregate('till', { initialState: { cash: 0 }, version }).on(CashPaidIn, codes[code])
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

async function payIn(shared: SystemOptions, times: number): Promise<void> {
  const { system, PayIn } = tillSystem()
  const running = startSystem(system, shared)
  for (let n = 0; n < times; n++) await running.send(PayIn('1', { amount: 1 }))
}

test('after 250 events an aggregate is loaded from its snapshot at 200 and the 50 events after it', async () => {
  const store = counting(memoryStore())
  const shared = parts({ store })
  await payIn(shared, 250)
  store.eventsRead = 0
  const { system, Tell } = tillSystem()
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

test('code of another version does not use an old snapshot', async () => {
  const store = counting(memoryStore())
  const shared = parts({ store })
  await payIn(shared, 120)
  store.eventsRead = 0
  const { system, Tell } = tillSystem('doubled', 2)
  expect(await startSystem(system, shared).send(Tell('1', {}))).toMatchObject({ details: { cash: 240 } })
  expect(store.eventsRead).toBe(120)
})

describe('a snapshot of other code under the same version', () => {
  /** Tills that each have a snapshot at 100, made by one code, and twenty later events. */
  async function paidIn(tills: number, shared: SystemOptions): Promise<void> {
    const { system, PayIn } = tillSystem()
    const running = startSystem(system, shared)
    for (let n = 0; n < 120; n++)
      await Promise.all(Array.from({ length: tills }, (_, id) => running.send(PayIn(String(id), { amount: 1 }))))
  }

  /** What each till holds according to some code, what is reported, and how many events are read for each till. */
  async function told(
    tills: number,
    shared: SystemOptions & { store: ReturnType<typeof counting> },
    code: keyof typeof codes,
  ) {
    const notices: SystemNotice[] = []
    const { system, Tell } = tillSystem(code)
    const running = startSystem(system, { ...shared, onNotice: (notice) => notices.push(notice) })
    const cash: unknown[] = []
    const read: number[] = []
    for (let id = 0; id < tills; id++) {
      shared.store.eventsRead = 0
      const outcome = await running.send(Tell(String(id), {}))
      cash.push(outcome.status === 'refused' && outcome.details.cash)
      read.push(shared.store.eventsRead)
    }
    return { cash, read, notices, running }
  }
  const all = <Value>(tills: number, value: Value) => Array.from({ length: tills }, () => value)

  test('that holds what this code makes is used, and after twenty comparisons all of them are trusted', async () => {
    const shared = { ...parts(), store: counting(memoryStore()) }
    await paidIn(23, shared)
    const { cash, read, notices } = await told(23, shared, 'rewritten')
    expect(cash).toEqual(all(23, 120))
    expect(read).toEqual([...all(20, 120), ...all(3, 20)])
    expect(notices).toEqual([])
  })

  test('that holds another state is dropped with all snapshots of that code, and this is reported once', async () => {
    const shared = { ...parts(), store: counting(memoryStore()) }
    await paidIn(3, shared)
    const { cash, read, notices } = await told(3, shared, 'doubled')
    expect(cash).toEqual(all(3, 240))
    expect(read).toEqual(all(3, 120))
    expect(notices).toEqual([
      {
        kind: 'version not raised',
        name: 'till',
        stream: 'till-0',
        reason: expect.stringMatching(
          /^This code makes another state of till-0 at version 100 than the one in the snapshot\. Both have version 1 of "till"\..* version: 2, … \}\)\.$/,
        ),
      },
    ])
  })

  test('is replaced by those that this code makes', async () => {
    const shared = { ...parts(), store: counting(memoryStore()) }
    await paidIn(1, shared)
    const { running } = await told(1, shared, 'doubled')
    const { PayIn } = tillSystem('doubled')
    for (let n = 0; n < 90; n++) await running.send(PayIn('0', { amount: 1 }))
    expect(await told(1, shared, 'doubled')).toMatchObject({ cash: [420], read: [10], notices: [] })
    // And the earlier code finds the same about them.
    const before = await told(1, shared, 'plain')
    expect(before).toMatchObject({ cash: [210], read: [210], notices: [{ kind: 'version not raised' }] })
  })
})

test('a snapshot from after the end of the log is not used', async () => {
  const snapshots = memorySnapshots()
  await payIn(parts({ snapshots }), 150)
  const older = parts({ snapshots })
  await payIn(older, 3)
  const { system, Tell } = tillSystem()
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

test('a snapshot that cannot be saved does not fail the command', async () => {
  const snapshots = { load: async () => undefined, save: () => Promise.reject(new Error('disk full')) }
  await payIn(parts({ snapshots }), 101)
})
