// The part of the contract of read tables that is about whole tables: how they are filled, read at one moment, replaced, run and taken away.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { formerTableName, nextTable, type Row } from '../kernel/tables.ts'
import type { ContractCase } from './contract-case.ts'
import type { Parked, ReadTables } from './read-tables.ts'
import {
  account,
  accounts,
  at,
  byKey,
  change,
  entries,
  filledBy,
  hostile,
  position,
  range,
  refilled,
  reshaped,
  sample,
  samples,
  saved,
  scanned,
  unfit,
} from './read-tables-samples.ts'

const unavailable = { code: 'tables_unavailable' }
const next = nextTable(refilled)
const former = { ...accounts, name: formerTableName(accounts.name) }
const parked: Parked = {
  position: 8,
  eventId: '019aaf34-0000-7000-8000-000000000000',
  type: 'FundsWithdrawn',
  stream: 'account-a-1',
  row: { account_id: 'a-1', owner: 'ann', balance: 5 },
  message: 'nul \0, half a pair \ud83d and "quotes"\n',
  code: 'row_missing',
  fingerprint: 'accounts-2',
  at: '2026-11-23T04:28:43.125Z',
}

export const readTablesLifeContract: readonly ContractCase<ReadTables>[] = [
  {
    name: 'an empty table is filled with many rows and its checkpoint',
    async run(tables) {
      const rows = range(1, 25_000).map((n) => account(`a-${n}`, n))
      await tables.open(accounts)
      assert.equal(await tables.fill(accounts, rows.values(), at(30_000)), 'saved')
      assert.deepEqual(filledBy(await tables.open(accounts)), { fingerprint: 'accounts-1', position: 30_000 })
      assert.deepEqual(byKey((await scanned(tables, accounts)).rows), byKey(rows))
      assert.deepEqual(await tables.load(accounts, [{ account_id: 'a-25000' }]), [rows.at(-1)])
      await saved(tables, { table: accounts, upserts: [account('a-1', 7)], from: 30_000, to: 30_001 })
      assert.deepEqual(await tables.load(accounts, [{ account_id: 'a-1' }]), [account('a-1', 7)])
    },
  },
  {
    name: 'a table filled with values of every type gives them back as one that was saved does',
    async run(tables) {
      const rows = [
        ...hostile.map((words, id) => ({ ...sample(id), words, doc: [words, { [words]: null }] })),
        { ...sample(100), small: -0x7fffffff, large: Number.MIN_SAFE_INTEGER, flag: false, day: '0001-01-01' },
        { ...sample(101), at: '9999-12-31T23:59:59.999Z', flag: true, day: '9999-12-31', doc: 'null' },
      ]
      await tables.open(samples)
      assert.equal(await tables.fill(samples, rows, at(1)), 'saved')
      assert.deepEqual(await tables.select(samples), rows)
    },
  },
  {
    name: 'a table filled with nothing has a checkpoint',
    async run(tables) {
      await tables.open(accounts)
      assert.equal(await tables.fill(accounts, [], at(9)), 'saved')
      assert.equal(await position(tables, accounts), 9)
    },
  },
  {
    name: 'a table is filled only at checkpoint 0 and without rows',
    async run(tables) {
      await tables.open(accounts)
      await tables.open(entries)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 5 })
      await saved(tables, { table: entries, upserts: [{ account_id: 'a', entry: 1, amount: null }], to: 0 })
      assert.equal(await tables.fill(accounts, [account('a-2')], at(9)), 'superseded')
      assert.equal(await tables.fill(entries, [{ account_id: 'a', entry: 2, amount: null }], at(9)), 'superseded')
      assert.deepEqual([await position(tables, accounts), await position(tables, entries)], [5, 0])
      assert.deepEqual(await tables.select(accounts), [account('a-1')])
    },
  },
  {
    name: 'of a table that cannot be filled to its end nothing is there',
    async run(tables) {
      await tables.open(samples)
      const many = range(1, 12_000).map((id) => sample(id))
      for (const bad of [{ ...sample(0), words: 5 }, { id: 0 }, sample(1), { ...sample(0), ...unfit[0] }]) {
        await assert.rejects(tables.fill(samples, [...many, bad], at(1)), { code: 'invalid_row' })
      }
      const broken = new Error('the rows end here')
      const ending = function* () {
        yield* many
        throw broken
      }
      assert.equal(await tables.fill(samples, ending(), at(1)).catch((error) => error), broken)
      assert.equal(await position(tables, samples), 0)
      assert.deepEqual(await tables.select(samples), [])
      assert.equal(await tables.fill(samples, many, at(1)), 'saved')
      assert.equal((await scanned(tables, samples)).rows.length, 12_000)
    },
  },
  {
    name: 'of changes and fills at the same moment exactly one is written, whole',
    async run(tables) {
      await tables.open(accounts)
      const rows = (balance: number) => range(1, 500).map((n) => account(`a-${n}`, balance))
      const outcomes = await Promise.all(
        range(1, 6).map((n) =>
          n % 2 === 0
            ? tables.fill(accounts, rows(n), at(n))
            : tables.save(change({ table: accounts, upserts: rows(n), to: n })),
        ),
      )
      assert.deepEqual(outcomes.toSorted(), ['saved', ...Array(5).fill('superseded')])
      const winner = outcomes.indexOf('saved') + 1
      const { state, rows: found } = await scanned(tables, accounts)
      assert.equal(state.position, winner)
      assert.deepEqual(byKey(found), byKey(rows(winner)))
    },
  },
  {
    name: 'a scan gives every row once, in lists',
    async run(tables) {
      await tables.open(entries)
      const none = await scanned(tables, entries)
      assert.deepEqual([filledBy(none.state), none.rows], [{ fingerprint: 'entries-1', position: 0 }, []])
      const rows = range(1, 12_345).map((entry) => ({ account_id: `a-${entry % 7}`, entry, amount: null }))
      await tables.fill(entries, rows, at(5))
      const lists: (readonly Row[])[] = []
      const state = await tables.scan(entries, (list) => void lists.push(list))
      assert.deepEqual(filledBy(state), { fingerprint: 'entries-1', position: 5 })
      assert.ok(lists.every((list) => list.length > 0 && list.length <= 10_000))
      assert.deepEqual(byKey(lists.flat()), byKey(rows))
    },
  },
  {
    name: 'a scan shows one moment, whatever is written meanwhile',
    async run(tables) {
      const rows = (balance: number) => range(1, 11_000).map((n) => account(`a-${n}`, balance))
      await tables.open(accounts)
      await tables.fill(accounts, rows(1), at(1))
      const scans: Promise<void>[] = []
      for (let from = 1; from < 5; from++) {
        scans.push(
          scanned(tables, accounts).then(({ state, rows }) => {
            assert.equal(rows.length, 11_000)
            assert.deepEqual(new Set(rows.map(({ balance }) => balance)), new Set([state.position]))
          }),
        )
        await saved(tables, { table: accounts, upserts: rows(from + 1), from, to: from + 1 })
      }
      await Promise.all(scans)
    },
  },
  {
    name: 'what the visitor of a scan throws comes as it is',
    async run(tables) {
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 1 })
      const enough = new Error('seen enough')
      const scan = tables.scan(accounts, () => {
        throw enough
      })
      assert.equal(await scan.catch((error) => error), enough)
      assert.equal((await scanned(tables, accounts)).rows.length, 1)
    },
  },
  {
    name: 'the next table takes the place of the live one, which is kept under its former name',
    async run(tables) {
      await filledBoth(tables)
      assert.equal(await tables.replace(refilled, next), 'replaced')
      assert.deepEqual(filledBy(await tables.open(refilled)), { fingerprint: 'accounts-2', position: 6 })
      assert.deepEqual(await tables.select(refilled), [account('a-1', 2), account('a-2', 2)])
      assert.deepEqual(filledBy(await tables.state(former)), { fingerprint: 'accounts-1', position: 5 })
      assert.deepEqual(await tables.select(former), [account('a-1', 1)])
      await assert.rejects(tables.state(next), unavailable)
      await assert.rejects(tables.select(next), unavailable)
      assert.equal(
        await tables.save(change({ table: accounts, upserts: [account('a-3')], from: 5, to: 6 })),
        'superseded',
      )
      assert.equal(
        await tables.save(change({ table: accounts, upserts: [account('a-3')], from: 6, to: 7 })),
        'superseded',
      )
      await saved(tables, { table: refilled, upserts: [account('a-3', 2)], from: 6, to: 7 })
      assert.equal((await tables.select(refilled)).length, 3)
      assert.equal((await tables.select(former)).length, 1)
    },
  },
  {
    name: 'the next table may have other columns',
    async run(tables) {
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1', 1)], to: 5 })
      await tables.open(nextTable(reshaped))
      await tables.fill(nextTable(reshaped), [{ account_id: 5, open: true }], at(5))
      assert.equal(await tables.replace(reshaped, nextTable(reshaped)), 'replaced')
      assert.deepEqual(await tables.select(reshaped), [{ account_id: 5, open: true }])
      await assert.rejects(tables.select(accounts), { code: 'table_outdated' })
      assert.equal(
        await tables.save(change({ table: accounts, upserts: [account('a-3')], from: 5, to: 6 })),
        'superseded',
      )
    },
  },
  {
    name: 'a change to a table does not go into the one that has taken its place, though that has the same checkpoint',
    async run(tables) {
      const { generation } = await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1', 5)], to: 7, generation })
      const anew = nextTable(accounts)
      await tables.open(anew)
      await tables.fill(anew, [account('a-1', 6)], at(7))
      assert.equal(await tables.replace(accounts, anew), 'replaced')
      const late = change({ table: accounts, upserts: [account('a-1', 8)], from: 7, to: 9, generation })
      assert.equal(await tables.save(late), 'superseded')
      assert.deepEqual(await tables.select(accounts), [account('a-1', 6)])
      const now = await tables.state(accounts)
      assert.notEqual(now.generation, generation)
      assert.equal(await tables.save({ ...late, generation: now.generation }), 'saved')
    },
  },
  {
    name: 'a table that was made anew meanwhile is neither filled nor put in place by those who mean the one before',
    async run(tables) {
      await filledBoth(tables)
      const { generation } = await tables.state(next)
      await tables.drop(next.name)
      await tables.open(next)
      assert.equal(await tables.fill(next, [account('a-1', 3)], at(6), { generation }), 'superseded')
      const anew = await tables.state(next)
      assert.equal(await tables.fill(next, [account('a-1', 4)], at(6), anew), 'saved')
      assert.equal(await tables.replace(refilled, next, { generation }), 'superseded')
      assert.deepEqual(await tables.select(accounts), [account('a-1', 1)])
      assert.equal(await tables.replace(refilled, next, anew), 'replaced')
      assert.deepEqual(await tables.select(refilled), [account('a-1', 4)])
    },
  },
  {
    name: 'a next table that shows less than the live one does not take its place',
    async run(tables) {
      await filledBoth(tables)
      await saved(tables, { table: accounts, upserts: [account('a-1', 7)], from: 5, to: 7 })
      assert.equal(await tables.replace(refilled, next), 'behind')
      assert.deepEqual(filledBy(await tables.state(accounts)), { fingerprint: 'accounts-1', position: 7 })
      assert.deepEqual(filledBy(await tables.state(next)), { fingerprint: 'accounts-2', position: 6 })
      await saved(tables, { table: next, upserts: [account('a-1', 7)], from: 6, to: 7 })
      assert.equal(await tables.replace(refilled, next), 'replaced')
      assert.equal(await position(tables, refilled), 7)
    },
  },
  {
    name: 'a table keeps the name of the history that it shows, to the letter',
    async run(tables) {
      await tables.open(accounts)
      assert.equal((await tables.state(accounts)).history, '')
      const history = `log 'a"\\ ü😀`
      await tables.save({ ...change({ table: accounts, to: 3 }), to: { position: 3, history } })
      assert.equal((await tables.open(accounts)).history, history)
      assert.equal((await scanned(tables, accounts)).state.history, history)
      assert.equal((await tables.list())[0]!.history, history)
      await tables.open(next)
      await tables.fill(next, [], { position: 3, history: 'another' })
      assert.equal(await tables.replace(refilled, next), 'replaced')
      assert.deepEqual(
        (await tables.list()).map(({ history }) => history),
        ['another', history],
      )
    },
  },
  {
    name: 'a table that is diverged stays so and takes no change, until another takes its place',
    async run(tables) {
      await filledBoth(tables)
      const { generation } = await tables.state(accounts)
      await tables.setDiverged(accounts.name, { generation: generation + 1 })
      assert.equal((await tables.state(accounts)).isDiverged, false)
      await tables.setDiverged(accounts.name, { generation })
      assert.equal((await tables.open(accounts)).isDiverged, true)
      assert.deepEqual((await scanned(tables, accounts)).state.isDiverged, true)
      assert.deepEqual(
        (await tables.list()).map(({ isDiverged }) => isDiverged),
        [true, false],
      )
      const late = change({ table: accounts, upserts: [account('a-1', 7)], from: 5, to: 7 })
      assert.equal(await tables.save(late), 'superseded')
      assert.equal(await tables.save({ ...late, generation }), 'superseded')
      assert.deepEqual(await tables.select(accounts), [account('a-1', 1)])
      assert.equal(await tables.replace(refilled, next), 'replaced')
      assert.equal((await tables.state(refilled)).isDiverged, false)
      assert.equal((await tables.state(former)).isDiverged, true)
      await saved(tables, { table: refilled, upserts: [account('a-1', 8)], from: 6, to: 7 })
    },
  },
  {
    name: 'a live table that is diverged is replaced though the next one shows less, and stays paused',
    async run(tables) {
      await filledBoth(tables)
      await saved(tables, { table: accounts, upserts: [account('a-1', 99)], from: 5, to: 99 })
      await tables.setPaused(accounts.name, true)
      assert.equal(await tables.replace(refilled, next), 'behind')
      await tables.setDiverged(accounts.name, await tables.state(accounts))
      assert.equal(await tables.replace(refilled, next), 'replaced')
      assert.equal(await position(tables, refilled), 6)
      assert.equal(await position(tables, former), 99)
      assert.equal((await tables.list()).find(({ name }) => name === accounts.name)?.isPaused, true)
    },
  },
  {
    name: 'tables are replaced any number of times',
    async run(tables) {
      await tables.open(accounts)
      for (const turn of range(1, 12)) {
        const code = { ...accounts, fingerprint: `turn-${turn}` }
        await tables.open(nextTable(code))
        assert.equal(await tables.fill(nextTable(code), [account('a-1', turn)], at(turn)), 'saved')
        assert.equal(await tables.replace(code, nextTable(code)), 'replaced')
        assert.deepEqual(await tables.select(code), [account('a-1', turn)])
      }
      assert.deepEqual(await tables.select(former), [account('a-1', 11)])
      assert.equal((await tables.list()).length, 2)
    },
  },
  {
    name: 'nothing takes the place of a table unless it is there and filled by this code',
    async run(tables) {
      await tables.open(accounts)
      await assert.rejects(tables.replace(refilled, next), unavailable)
      await tables.open(nextTable(accounts))
      await assert.rejects(tables.replace(refilled, next), unavailable)
      await tables.drop(accounts.name)
      await assert.rejects(tables.replace(accounts, nextTable(accounts)), unavailable)
      assert.deepEqual(
        (await tables.list()).map(({ name }) => name),
        ['accounts__next'],
      )
    },
  },
  {
    name: 'of a change and a replacement at the same moment one is too late',
    async run(tables) {
      await tables.open(accounts)
      for (const turn of range(1, 15)) {
        const [live, built] = [`turn-${turn - 1}`, `turn-${turn}`].map((fingerprint) => ({ ...accounts, fingerprint }))
        const current = turn === 1 ? accounts : live!
        const { position: from } = await tables.state(current)
        const next = nextTable(built!)
        await tables.open(next)
        assert.equal(await tables.fill(next, [account('a-1', -turn)], at(from)), 'saved')
        const [save, replacement] = await Promise.all([
          tables.save(change({ table: current, upserts: [account('a-1', turn)], from, to: from + 1 })),
          tables.replace(built!, next),
        ])
        const isReplaced = replacement === 'replaced'
        assert.equal(save, isReplaced ? 'superseded' : 'saved')
        assert.deepEqual(await tables.select(built!), [account('a-1', isReplaced ? -turn : turn)])
        if (!isReplaced) {
          await saved(tables, { table: next, upserts: [account('a-1', -turn)], from, to: from + 1 })
          assert.equal(await tables.replace(built!, next), 'replaced')
        }
      }
    },
  },
  {
    name: 'a replaced table stays paused and leased, but no longer parked; its former self is neither',
    async run(tables) {
      await filledBoth(tables)
      await tables.setPaused(accounts.name, true)
      await tables.setParked(accounts.name, parked)
      await tables.lease(accounts.name, { holder: 'one', ms: 60_000 })
      await tables.lease(next.name, { holder: 'builder', ms: 60_000 })
      await tables.replace(refilled, next)
      const facts = (await tables.list()).map(({ name, isPaused, parked, holder }) => [name, isPaused, parked, holder])
      assert.deepEqual(facts, [
        ['accounts', true, null, 'one'],
        ['accounts__former', false, null, null],
      ])
    },
  },
  {
    name: 'a table is taken away with all that is known of it, and comes back empty',
    async run(tables) {
      await tables.drop('never_there')
      await tables.open(entries)
      await tables.drop('never_there')
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 5 })
      await tables.setPaused(accounts.name, true)
      await tables.setParked(accounts.name, parked)
      await tables.drop(accounts.name)
      await tables.drop(accounts.name)
      await assert.rejects(tables.state(accounts), unavailable)
      await assert.rejects(tables.select(accounts), unavailable)
      assert.deepEqual(
        (await tables.list()).map(({ name }) => name),
        ['entries'],
      )
      assert.deepEqual(filledBy(await tables.open(reshaped)), { fingerprint: 'accounts-3', position: 0 })
      const [record] = await tables.list()
      assert.deepEqual([record!.name, record!.isPaused, record!.parked], ['accounts', false, null])
      assert.deepEqual(await tables.select(reshaped), [])
    },
  },
  {
    name: 'the list tells of every table who filled it, how far and when',
    async run(tables) {
      assert.deepEqual(await tables.list(), [])
      const begun = new Date(Date.now() - 60_000).toISOString()
      await tables.open(entries)
      await tables.open(accounts)
      const [record] = await tables.list()
      assert.deepEqual(
        { ...record, updatedAt: '', generation: 0 },
        {
          name: 'accounts',
          fingerprint: 'accounts-1',
          position: 0,
          history: '',
          generation: 0,
          isDiverged: false,
          updatedAt: '',
          isPaused: false,
          parked: null,
          holder: null,
        },
      )
      assert.match(record!.updatedAt, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
      assert.ok(record!.updatedAt > begun)
      await sleep(5)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 2 ** 40 })
      const [updated, other] = await tables.list()
      assert.equal(updated!.position, 2 ** 40)
      assert.ok(updated!.updatedAt > record!.updatedAt)
      assert.equal(other!.name, 'entries')
      await sleep(5)
      await tables.setPaused(accounts.name, true)
      await tables.lease(accounts.name, { holder: 'one', ms: 1_000 })
      assert.equal((await tables.list())[0]!.updatedAt, updated!.updatedAt)
    },
  },
  {
    name: 'a lease is held by one, who can keep it and give it back',
    async run(tables) {
      await assert.rejects(tables.lease(accounts.name, { holder: 'one', ms: 60_000 }), unavailable)
      await tables.release(accounts.name, 'one')
      await tables.open(accounts)
      await tables.open(entries)
      const taken = { isHeld: true, holder: 'one', isPaused: false, isParked: false }
      const refused = { ...taken, isHeld: false }
      const ask = (holder: string) => tables.lease(accounts.name, { holder, ms: 60_000 })
      assert.deepEqual(await ask('one'), taken)
      assert.deepEqual(await ask('two'), refused)
      assert.deepEqual(await ask('one'), taken)
      await tables.release(accounts.name, 'two')
      assert.deepEqual(await ask('two'), refused)
      assert.equal((await tables.lease(entries.name, { holder: 'two', ms: 60_000 })).isHeld, true)
      assert.deepEqual(
        (await tables.list()).map(({ holder }) => holder),
        ['one', 'two'],
      )
      await tables.release(accounts.name, 'one')
      assert.equal((await tables.list())[0]!.holder, null)
      assert.deepEqual(await ask('two'), { ...taken, holder: 'two' })
    },
  },
  {
    name: 'a lease that is not kept ends by itself, and one that is kept does not',
    async run(tables) {
      await tables.open(accounts)
      const [ms, begunMs] = [400, performance.now()]
      const ask = (holder: string) => tables.lease(accounts.name, { holder, ms })
      await ask('one')
      while (performance.now() - begunMs < 2 * ms) {
        await sleep(20)
        const askedMs = performance.now()
        assert.equal((await ask('one')).isHeld, true)
        const other = await ask('two')
        // A machine that stands still for so long proves nothing.
        if (performance.now() - askedMs < ms) assert.deepEqual([other.isHeld, other.holder], [false, 'one'])
        else return
      }
      await sleep(ms + 50)
      assert.equal((await tables.list())[0]!.holder, null)
      assert.deepEqual(await ask('two'), { isHeld: true, holder: 'two', isPaused: false, isParked: false })
    },
  },
  {
    name: 'of many who ask for a lease at the same moment one gets it, and all are told who',
    async run(tables) {
      await tables.open(accounts)
      const leases = await Promise.all(
        range(1, 8).map((n) => tables.lease(accounts.name, { holder: `h-${n}`, ms: 60_000 })),
      )
      assert.equal(leases.filter(({ isHeld }) => isHeld).length, 1)
      assert.equal(new Set(leases.map(({ holder }) => holder)).size, 1)
      const winner = leases.findIndex(({ isHeld }) => isHeld)
      assert.equal(leases[0]!.holder, `h-${winner + 1}`)
    },
  },
  {
    name: 'whoever asks for a lease is told that the projection is paused or parked',
    async run(tables) {
      await tables.open(accounts)
      const ask = async (holder: string) => {
        const { isPaused, isParked } = await tables.lease(accounts.name, { holder, ms: 60_000 })
        return [isPaused, isParked]
      }
      await tables.setPaused(accounts.name, true)
      assert.deepEqual(
        [await ask('one'), await ask('two')],
        [
          [true, false],
          [true, false],
        ],
      )
      await tables.setParked(accounts.name, parked)
      await tables.setPaused(accounts.name, false)
      assert.deepEqual(
        [await ask('one'), await ask('two')],
        [
          [false, true],
          [false, true],
        ],
      )
    },
  },
  {
    name: 'a pause lasts until it is taken back, and only a table that is there can be paused',
    async run(tables) {
      assert.equal(await tables.setPaused(accounts.name, true), false)
      await tables.open(entries)
      assert.equal(await tables.setPaused(accounts.name, true), false)
      await tables.open(accounts)
      assert.equal(await tables.setPaused(accounts.name, true), true)
      await tables.open(accounts)
      await saved(tables, { table: accounts, to: 1 })
      const isPaused = async () => (await tables.list()).map(({ isPaused }) => isPaused)
      assert.deepEqual(await isPaused(), [true, false])
      assert.equal(await tables.setPaused(accounts.name, false), true)
      assert.deepEqual(await isPaused(), [false, false])
    },
  },
  {
    name: 'why a projection stands still is kept to the letter, until it is cleared',
    async run(tables) {
      await assert.rejects(tables.setParked(accounts.name, parked), unavailable)
      await tables.open(accounts)
      const { code, ...uncoded } = parked
      for (const each of [
        parked,
        { ...uncoded, row: null },
        null,
        { ...parked, row: { doc: { a: [1e-7, 'ü😀'] } } },
        null,
      ]) {
        await tables.setParked(accounts.name, each)
        assert.deepEqual((await tables.list())[0]!.parked, each)
      }
    },
  },
  {
    name: 'closed tables say so, whatever they are asked',
    async run(tables) {
      await tables.open(accounts)
      await tables.close()
      const calls = [
        () => tables.state(accounts),
        () => tables.fill(accounts, [], at(1)),
        () => tables.scan(accounts, () => {}),
        () => tables.replace(refilled, next),
        () => tables.drop(accounts.name),
        () => tables.list(),
        () => tables.lease(accounts.name, { holder: 'one', ms: 1_000 }),
        () => tables.release(accounts.name, 'one'),
        () => tables.setPaused(accounts.name, true),
        () => tables.setDiverged(accounts.name, { generation: 1 }),
        () => tables.setParked(accounts.name, null),
      ]
      for (const call of calls) await assert.rejects(call(), unavailable)
    },
  },
]

/** The live table as other code filled it, and the one that is to take its place. */
async function filledBoth(tables: ReadTables): Promise<void> {
  await tables.open(accounts)
  await saved(tables, { table: accounts, upserts: [account('a-1', 1)], to: 5 })
  await tables.open(next)
  assert.equal(await tables.fill(next, [account('a-1', 2), account('a-2', 2)], at(6)), 'saved')
}
