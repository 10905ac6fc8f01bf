// What every store of leases promises, as cases to run.
import assert from 'node:assert/strict'
import type { Leases } from '../../store/leases.ts'
import type { ContractCase } from './contract-case.ts'

export interface LeasesSubject {
  readonly leases: Leases
  /** The same leases as another process would see them. */
  again(): Promise<Leases>
  /** Lets this time pass on the clock of the store. */
  pass(ms: number): Promise<void>
}

const ms = 400
const long = { ms: 60_000 }

/** Each case needs a new, empty store. */
export const leasesContract: readonly ContractCase<LeasesSubject>[] = [
  {
    name: 'a process that is announced takes a lease, and all see it',
    async run({ leases, again }) {
      assert.deepEqual(await leases.renew('one', long), { processes: ['one'], leases: [] })
      const lease = { name: 'mail', holder: 'one', token: 1, report: null }
      assert.deepEqual(await leases.take('mail', 'one'), lease)
      const other = await again()
      assert.deepEqual(await other.view(), { processes: ['one'], leases: [lease] })
      assert.deepEqual(await other.renew('two', long), { processes: ['one', 'two'], leases: [lease] })
      assert.deepEqual(await other.take('mail', 'two'), lease)
    },
  },
  {
    name: 'a process that is not announced gets nothing',
    async run({ leases }) {
      assert.equal(await leases.take('mail', 'one'), undefined)
      assert.deepEqual(await leases.view(), { processes: [], leases: [] })
    },
  },
  {
    name: 'to take again what one holds changes nothing',
    async run({ leases }) {
      await leases.renew('one', long)
      const lease = await leases.take('mail', 'one')
      assert.deepEqual(await leases.take('mail', 'one'), lease)
    },
  },
  {
    name: 'a lease that was given back is free, and its next holder has a higher token, also if that is the same',
    async run({ leases, again }) {
      const other = await again()
      await leases.renew('one', long)
      await other.renew('two', long)
      await leases.take('mail', 'one')
      await other.release('mail', 'two')
      assert.equal((await other.view()).leases.length, 1)
      await leases.release('mail', 'one')
      assert.deepEqual((await other.view()).leases, [])
      assert.equal((await other.take('mail', 'two'))?.token, 2)
      await other.release('mail', 'two')
      assert.equal((await leases.take('mail', 'one'))?.token, 3)
      assert.equal((await leases.take('mail', 'one'))?.token, 3)
      await leases.release('mail', 'one')
      assert.equal((await leases.take('mail', 'one'))?.token, 4)
    },
  },
  {
    name: 'who renews keeps everything; what belongs to a process that did not is free',
    async run({ leases, again, pass }) {
      const other = await again()
      await other.renew('two', long)
      await leases.renew('one', { ms })
      await leases.take('mail', 'one')
      await leases.take('index', 'one')
      for (let times = 0; times < 3; times++) {
        await pass(ms / 2)
        await leases.renew('one', { ms })
      }
      assert.equal((await other.take('mail', 'two'))?.holder, 'one')
      await pass(ms + 1)
      assert.deepEqual(await other.view(), { processes: ['two'], leases: [] })
      assert.deepEqual(await other.take('mail', 'two'), { name: 'mail', holder: 'two', token: 2, report: null })
      // It comes back: it still holds what nobody has taken, under the same token.
      const { leases: held } = await leases.renew('one', { ms })
      assert.deepEqual(
        held.map(({ name, holder, token }) => [name, holder, token]),
        [
          ['index', 'one', 1],
          ['mail', 'two', 2],
        ],
      )
    },
  },
  {
    name: 'a process that ends gives back everything at once',
    async run({ leases, again }) {
      const other = await again()
      await leases.renew('one', long)
      await other.renew('two', long)
      for (const name of ['mail', 'index', 'tree']) await leases.take(name, 'one')
      await other.take('stock', 'two')
      await leases.leave('one')
      const { processes, leases: left } = await other.view()
      assert.deepEqual(processes, ['two'])
      assert.deepEqual(
        left.map(({ name }) => name),
        ['stock'],
      )
      assert.equal((await other.take('tree', 'two'))?.token, 2)
    },
  },
  {
    name: 'what a holder reports is told to all, until the lease has another holder; nobody reports for others',
    async run({ leases, again }) {
      const other = await again()
      await leases.renew('one', long)
      await leases.take('mail', 'one')
      const report = { position: Number.MAX_SAFE_INTEGER, state: 'running' }
      await leases.renew('one', { ...long, reports: { mail: report, index: report } })
      assert.deepEqual((await other.view()).leases, [{ name: 'mail', holder: 'one', token: 1, report }])
      const { leases: seen } = await other.renew('two', {
        ...long,
        reports: { mail: { position: 1, state: 'parked' } },
      })
      assert.deepEqual(seen[0]?.report, report)
      await leases.release('mail', 'one')
      assert.equal((await other.take('mail', 'two'))?.report, null)
    },
  },
  {
    name: 'of many who take a lease at the same time one has it',
    async run({ leases, again }) {
      const others = await Promise.all(Array.from({ length: 8 }, again))
      await Promise.all(others.map((each, n) => each.renew(`process-${n}`, long)))
      for (let round = 0; round < 20; round++) {
        const name = `lease-${round}`
        const taken = await Promise.all(others.map((each, n) => each.take(name, `process-${n}`)))
        const holder = (await leases.view()).leases.find((each) => each.name === name)?.holder
        assert.ok(holder !== undefined)
        // Whoever was told that it has it, has it.
        for (const [n, lease] of taken.entries())
          if (lease?.holder === `process-${n}`) assert.equal(holder, `process-${n}`)
        assert.ok(taken.some((lease) => lease?.holder === holder))
      }
    },
  },
  {
    name: 'names of any text stand side by side',
    async run({ leases }) {
      const process = 'host "ü"-1\n😀'
      await leases.renew(process, long)
      const names = ['a', 'A', 'a.1', "it's", '$tree', 'x'.repeat(200)]
      for (const name of names) assert.equal((await leases.take(name, process))?.holder, process)
      assert.deepEqual((await leases.view()).leases.map(({ name }) => name).sort(), [...names].sort())
    },
  },
]
