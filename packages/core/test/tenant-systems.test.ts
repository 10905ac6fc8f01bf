// Sagas from one tenant to another, in one process and without a network: with the guarantees of other systems, also where tenants are closed in between, and
// where the process dies.

import fc from 'fast-check'
import {
  type AnySaga,
  defineSystem,
  IndelibleError,
  type StartTenantsOptions,
  saga,
  startTenants,
  type Tenants,
} from 'indelible'
import { type MemoryStorage, memoryStorage } from 'indelible/memory'
import { manualClock } from 'indelible/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { long } from '../../../scripts/campaign.ts'
import { AskWire, cashOf, commands, heardWiring, Open, other, Take, WireAsked, wiring } from './branches.ts'

const patience = { timeoutMs: 30_000 }
/** What this test asks for, over and over, must not keep the tenant open. */
const peeked = { timeout: 30_000, interval: 20 }

async function branches(sagas: readonly AnySaga[] = [wiring], options: StartTenantsOptions = {}): Promise<Tenants> {
  const system = defineSystem({ name: 'bank', commands, sagas, remotes: [other] })
  const tenants = await startTenants(system, {
    open: ({ tenant, tenantSystem }) => ({ remotes: { other: tenantSystem(tenant === 'near' ? 'far' : 'near') } }),
    ...options,
  })
  return tenants
}

async function made(...args: Parameters<typeof branches>) {
  const tenants = await branches(...args)
  onTestFinished(() => tenants.close())
  for (const name of ['near', 'far']) await tenants.create(name)
  const ended = (id: string) => tenants.use('near', (running) => running.waitForSaga({ name: 'wiring' }, id, patience))
  return { tenants, ended }
}

const wire = (tenants: Tenants, id: string, to = 'b') =>
  tenants.use('near', (running) => running.send(AskWire(id, { from: 'a', to, amount: 5 }), { commandId: id }))

test('a step goes to another tenant, which is opened for it, and records which tenant it is from', async () => {
  const { tenants, ended } = await made()
  await wire(tenants, 'w1')
  expect((await ended('w1')).status).toBe('completed')
  expect(await tenants.use('far', cashOf)).toEqual(['till-b +5'])
  const actors = await tenants.use('far', async ({ store }) =>
    (await Array.fromAsync(store.read([{ streams: ['till-b'] }]))).flatMap(({ events }) =>
      events.map(({ metadata }) => metadata.actor),
    ),
  )
  expect(actors).toEqual(['near/bank/saga:wiring'])
})

test('what the other tenant refuses is taken back', async () => {
  const { tenants, ended } = await made()
  await wire(tenants, 'w1', 'closed')
  expect((await ended('w1')).status).toBe('compensated')
  expect(await tenants.use('near', cashOf)).toEqual(['till-a -5', 'till-a +5'])
  expect(await tenants.use('far', cashOf)).toEqual([])
})

test('a tenant that does not exist cannot do it, and the saga says so', async () => {
  const { tenants } = await made([wiring], {
    open: ({ tenantSystem }) => ({ remotes: { other: tenantSystem('nobody') } }),
  })
  await wire(tenants, 'w1')
  await vi.waitFor(async () => {
    const { consumers } = await tenants.use('near', (running) => running.health())
    expect(JSON.stringify(consumers)).toContain('nobody')
  })
})

test('with one place, tenants that reach each other would wait without end: the config is refused', async () => {
  const { tenants } = await made([wiring], { tenants: { openMax: 1 } })
  await expect(wire(tenants, 'w1')).rejects.toMatchObject({
    code: 'invalid_declaration',
    message: expect.stringContaining('Give at least 2'),
  })
})

test('two that hear each other do not keep each other open', async () => {
  const { tenants, ended } = await made([heardWiring], { tenants: { idleMs: 50 } })
  await wire(tenants, 'w1')
  expect((await ended('w1')).status).toBe('completed')
  await vi.waitFor(() => expect(tenants.openNow).toBe(0), { timeout: 20_000 })
})

test('what happens in another tenant is heard, although the one that listens was closed', async () => {
  const clock = manualClock()
  const listening = saga('listening', { startsOn: WireAsked, owner: 'treasury', from: 'beginning' })
    .awaitEvent('opened', other.events.Opened, { within: 'forever' })
    .step('take', { command: Take, to: () => 'heard', input: () => ({ amount: 1 }) })
  const { tenants } = await made([listening], { clock, tenants: { idleMs: 50 } })
  await tenants.use('near', (running) => running.send(AskWire('w1', { from: 'a', to: 'b', amount: 5 })))
  await vi.waitFor(() => expect(tenants.openNow).toBe(0), peeked)
  await tenants.use('far', (running) => running.send(Open('w1', {})))
  await vi.waitFor(() => expect(tenants.openNow).toBe(0), peeked)
  clock.advance(10_000)
  await vi.waitFor(async () => expect(await tenants.use('near', cashOf)).toEqual(['till-heard -1']), peeked)
})

/** One process over what is kept. It dies at an append, of whichever tenant: before that is written, or after it and before anybody is told. */
function mortal(storage: (name: string) => MemoryStorage, { after, written }: { after: number; written: boolean }) {
  let [appends, isDead] = [0, false]
  const alive = () => {
    if (isDead) throw new IndelibleError('store_closed', 'The process has died.')
  }
  return {
    get isDead() {
      return isDead
    },
    storage: (name: string): MemoryStorage => {
      const kept = storage(name)
      return {
        ...kept,
        async store() {
          const store = await kept.store()
          return {
            ...store,
            async append(...args) {
              alive()
              if (name === 'catalog' || appends++ < after) return await store.append(...args)
              isDead = true
              if (written) await store.append(...args)
              return alive() as never
            },
            async *read(...args) {
              alive()
              yield* store.read(...args)
            },
          }
        },
        consumers: {
          async load(id) {
            alive()
            return await kept.consumers.load(id)
          },
          async save(record) {
            alive()
            return await kept.consumers.save(record)
          },
        },
      }
    },
  }
}

test('whenever the process dies, and however often, every wire ends, and cash is neither lost nor doubled', async () => {
  let deaths = 0
  const life = fc.record({ after: fc.nat({ max: 25 }), written: fc.boolean() })
  const wires = fc.array(fc.constantFrom('b', 'c', 'closed'), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.array(life, { maxLength: 4 }), wires, fc.constantFrom(2, 10), async (lives, wires, openMax) => {
      const storage = memoryStorage()
      const limits = { idleMs: 10, openMax, waitMs: 30_000 }
      const first = await branches([wiring], { storage })
      for (const name of ['near', 'far']) await first.create(name)
      await first.close()
      const ask = async (tenants: Tenants) => {
        for (const [index, to] of wires.entries()) await wire(tenants, `w${index}`, to)
      }
      for (const each of lives) {
        const process = mortal(storage, each)
        const tenants = await branches([wiring], { storage: process.storage, tenants: limits })
        const done = (async () => {
          await ask(tenants)
          for (const index of wires.keys())
            await tenants.use('near', (running) => running.waitForSaga(wiring, `w${index}`, patience))
        })().catch(() => {})
        while (
          !process.isDead &&
          (await Promise.race([done.then(() => true), new Promise((turn) => setImmediate(turn))])) !== true
        );
        if (process.isDead) deaths++
        await tenants.close().catch(() => {})
      }
      const last = await branches([wiring], { storage, tenants: limits })
      await ask(last)
      const ends: string[] = []
      for (const index of wires.keys())
        ends.push((await last.use('near', (running) => running.waitForSaga(wiring, `w${index}`, patience))).status)
      expect(ends).toEqual(wires.map((to) => (to === 'closed' ? 'compensated' : 'completed')))
      const refused = wires.filter((to) => to === 'closed').length
      const near = await last.use('near', cashOf)
      expect(near.filter((each) => each === 'till-a -5')).toHaveLength(wires.length)
      expect(near.filter((each) => each === 'till-a +5')).toHaveLength(refused)
      expect([...(await last.use('far', cashOf))].sort()).toEqual(
        wires
          .filter((to) => to !== 'closed')
          .map((to) => `till-${to} +5`)
          .sort(),
      )
      await last.close()
    }),
    { numRuns: long ? 300 : 15 },
  )
  expect(deaths).toBeGreaterThan(5)
}, 600_000)

test('after a death nobody has to ask: a wire that was under way ends by itself', async () => {
  const storage = memoryStorage()
  const first = await branches([wiring], { storage })
  for (const name of ['near', 'far']) await first.create(name)
  await first.close()
  for (const after of [1, 2, 3, 4]) {
    const process = mortal(storage, { after, written: true })
    const tenants = await branches([wiring], { storage: process.storage })
    await wire(tenants, `w${after}`).catch(() => {})
    await vi.waitFor(() => expect(process.isDead).toBe(true), peeked)
    await tenants.close().catch(() => {})
    const next = await branches([wiring], { storage })
    // Looks at what is kept, and asks no tenant.
    await vi.waitFor(
      async () => expect(await cashOf({ store: await storage('far').store() })).toContain('till-b +5'),
      peeked,
    )
    await vi.waitFor(
      async () => expect(await cashOf({ store: await storage('far').store() })).toHaveLength(after),
      peeked,
    )
    await next.close()
  }
}, 120_000)

test('tenants that fill all places and wait for a further one give way to it, however long callers would wait', async () => {
  const names = ['one', 'two', 'three']
  const system = defineSystem({ name: 'bank', commands, sagas: [wiring], remotes: [other] })
  const tenants = await startTenants(system, {
    tenants: { openMax: 2, idleMs: 200, waitMs: 600_000 },
    open: ({ tenantSystem }) => ({ remotes: { other: tenantSystem('far') } }),
  })
  onTestFinished(() => tenants.close())
  for (const name of [...names, 'far']) await tenants.create(name)
  await Promise.all(
    names.map((name) =>
      tenants.use(name, async (running) => {
        await running.send(AskWire(name, { from: 'a', to: `b-${name}`, amount: 5 }))
      }),
    ),
  )
  const cash = async () => (await tenants.use('far', cashOf)).toSorted()
  await vi.waitFor(
    async () => expect(await cash()).toEqual(['till-b-one +5', 'till-b-three +5', 'till-b-two +5']),
    peeked,
  )
}, 60_000)
