// The real bank at every time of 1993: each way into the past gives the balance that the bank itself wrote down.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pgliteTables } from '@indelible/postgres'
import {
  bigint,
  type Command,
  defineSystem,
  type EventStore,
  epochMs,
  instant,
  projection,
  type RecordedEvent,
  type RunningSystem,
  startSystem,
  text,
} from 'indelible'
import { fileSnapshots, fileStore } from 'indelible/file'
import { type AsOf, replayDecisions, stateAsOf, viewAsOf } from 'indelible/history'
import { manualClock } from 'indelible/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { draws, hours, long, seed } from '../../../scripts/campaign.ts'
import { newPgliteDirectory } from '../../../scripts/pglite-directory.ts'
import { account } from '../account/account.ts'
import { AccountOpened, BalanceAdjusted, FundsDeposited, FundsWithdrawn } from '../account/events.ts'
import { bank as declared } from '../bank.ts'
import { readCzechBank } from '../import/czech-bank.ts'
import { type AccountHistory, accountHistories, replay } from '../import/replay.ts'
import { accountBalances } from '../projections/account-balances.ts'
import { czechBankDir, czechBankMissing } from './czech-bank-data.ts'

const accounts = long ? Number.POSITIVE_INFINITY : 12
const randomPoints = long ? 10_000 : 500
const limit = 10_000
const days = Array.from({ length: 365 }, (_, day) => instant(Date.UTC(1993, 0, 1 + day)).slice(0, 10))
const dayAfter = (day: string) => instant(epochMs(day) + 86_400_000).slice(0, 10)

const balancesKept = projection('balances_kept', {
  table: { account_id: text().key(), balance: bigint() },
  history: true,
})
  .write(AccountOpened, (_data, { streamId }) => ({ account_id: streamId, balance: 0 }))
  .on(FundsDeposited, (row, { amount }) => ({ ...row, balance: row.balance + amount }))
  .on(FundsWithdrawn, (row, { amount }) => ({ ...row, balance: row.balance - amount }))
  .on(BalanceAdjusted, (row, { difference }) => ({ ...row, balance: row.balance + difference }))

describe.skipIf(czechBankMissing)(
  `the bank of 1993, at every time${czechBankMissing ? ` (skipped: ${czechBankMissing})` : ''}`,
  () => {
    let dir = ''
    let histories: readonly AccountHistory[]
    let store: EventStore
    let bank: RunningSystem<Awaited<ReturnType<typeof pgliteTables>>>
    /** By account, in the order of the log. */
    const events = new Map<string, RecordedEvent[]>()
    /** Of each day, the balance of each account at its end, as the bank recorded it. */
    const recorded = new Map<string, ReadonlyMap<string, number>>()

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'indelible-1993-'))
      histories = accountHistories(await readCzechBank(czechBankDir)).slice(0, accounts)
      const clock = manualClock('1993-01-01T09:00:00Z')
      store = await fileStore({ dir: join(dir, 'log'), clock, limits: { segmentEventsMax: 500 } })
      const tables = await pgliteTables({ dir: await newPgliteDirectory() })
      const snapshots = fileSnapshots({ dir: join(dir, 'snapshots') })
      const system = defineSystem({ ...declared, projections: [balancesKept] })
      bank = startSystem(system, { store, tables, snapshots, domainCode: 'trusted' })
      const commands = await dated(histories)
      const balances = new Map<string, number>()
      for (const day of days) {
        const byAccount = Map.groupBy(commands.get(day) ?? [], ({ id }) => id)
        await Promise.all(
          [...byAccount.values()].map(async (ofAccount) => {
            for (const command of ofAccount) {
              expect(await bank.send(command, { validAt: day })).toMatchObject({ status: 'accepted' })
            }
          }),
        )
        for (const { account, transactions } of histories) {
          if (account.openedOn === day) balances.set(account.id, 0)
          const last = transactions.findLast(({ date }) => date === day)
          if (last) balances.set(account.id, last.balance)
        }
        recorded.set(day, new Map(balances))
        clock.advance(86_400_000)
      }
      for await (const batch of store.read([{ categories: ['account'] }])) {
        for (const event of batch.events) events.set(event.streamId, [...(events.get(event.streamId) ?? []), event])
      }
      await bank.waitFor(balancesKept, (await store.head()).position, { timeoutMs: 300_000 })
    }, hours.timeout)
    afterAll(async () => {
      await bank?.close()
      rmSync(dir, { recursive: true, force: true })
    })

    const balancesOf = (rows: readonly { readonly account_id: string; readonly balance: number }[]) =>
      new Map(rows.map(({ account_id, balance }) => [account_id, balance]))

    test('every decision of the bank is made again, byte for byte', hours, async () => {
      let count = 0
      for await (const { verdict, position } of replayDecisions(store, declared)) {
        expect(verdict, `position ${position}`).toBe('same')
        count++
      }
      expect(count).toBe([...events.values()].flat().length)
    })

    test('each account on each day, folded from its events', hours, async () => {
      for (const {
        account: { id, openedOn },
      } of histories) {
        for (const day of days) {
          if (day < openedOn) continue
          const { state } = await stateAsOf(store, account, { id, asOf: { recordedAt: day } })
          if (state.balance !== recorded.get(day)!.get(id))
            expect([id, day, state.balance]).toEqual([id, day, recorded.get(day)!.get(id)])
        }
      }
    })

    test('the table on each day, folded: as recorded, and as true', hours, async () => {
      for (const day of days) {
        const asRecorded = await viewAsOf(store, accountBalances, { asOf: { recordedAt: day }, limit })
        expect(balancesOf(asRecorded)).toEqual(recorded.get(day))
        const asTrue = await viewAsOf(store, accountBalances, { asOf: { validAt: day }, limit })
        expect(balancesOf(asTrue)).toEqual(recorded.get(day))
      }
    })

    test('the table on each day, by plain SQL and by select, from the versions of its rows', hours, async () => {
      const onEachDay = async () => {
        for (const day of days) {
          const sql = `SELECT account_id, balance FROM balances_kept__history
            WHERE from_time < $1 AND (to_time IS NULL OR to_time >= $1)`
          const rows = await bank.tables.query(sql, [`${dayAfter(day)}T00:00:00Z`])
          expect(balancesOf(rows as never)).toEqual(recorded.get(day))
          const selected = await bank.select(balancesKept, { asOf: { recordedAt: day }, limit })
          expect(balancesOf(selected)).toEqual(recorded.get(day))
        }
      }
      await onEachDay()
      const before = await bank.tables.query('SELECT * FROM balances_kept__history ORDER BY account_id, from_position')
      await bank.rebuild(balancesKept)
      const after = await bank.tables.query('SELECT * FROM balances_kept__history ORDER BY account_id, from_position')
      expect(after).toEqual(before)
      await onEachDay()
    })

    test(`${randomPoints} random points are what a replay of all events gives (seed ${seed})`, hours, async () => {
      const below = draws()
      const snapshots = fileSnapshots({ dir: join(dir, 'snapshots') })
      const { position: head } = await store.head()
      for (let n = 0; n < randomPoints; n++) {
        const { id } = histories[below(histories.length)]!.account
        const own = events.get(id)!
        const ms = Date.UTC(1993, 0, 1) + below(365 * 86_400) * 1_000
        const points: AsOf[] = [
          { version: below(own.length + 2) },
          { position: below(head + 10) },
          { recordedAt: instant(ms) },
          { recordedAt: own[below(own.length)]!.recordedAt },
          { validAt: days[below(days.length)]! },
          { recordedAt: days[below(days.length)]!, validAt: days[below(days.length)]! },
        ]
        const asOf = points[below(points.length)]!
        const expected = own.filter((event) => isIn(asOf, event)).reduce(account.evolve, account.initialState)
        const { state } = await stateAsOf(store, account, { id, asOf, snapshots })
        expect(state, JSON.stringify({ id, asOf, seed })).toEqual(expected)
      }
    })
  },
)

/** The meaning of a point, event by event. Times here have no more than milliseconds. */
function isIn(asOf: AsOf, { version, position, recordedAt, validAt }: RecordedEvent): boolean {
  const asked = asOf as { version?: number; position?: number; recordedAt?: string; validAt?: string }
  const endMs = (time: string) => Date.parse(time) + (time.includes('T') ? 1 : 86_400_000)
  return (
    version <= (asked.version ?? version) &&
    position <= (asked.position ?? position) &&
    (asked.recordedAt === undefined || Date.parse(recordedAt) < endMs(asked.recordedAt)) &&
    (asked.validAt === undefined || Date.parse(validAt ?? recordedAt) < endMs(asked.validAt))
  )
}

/** The commands of the import by the day on which the bank did them. */
async function dated(histories: readonly AccountHistory[]): Promise<ReadonlyMap<string, readonly Command[]>> {
  const commands = new Map<string, Command[]>()
  const asked = {
    async send(command: Command, { validAt }: { validAt: string }) {
      commands.set(validAt, [...(commands.get(validAt) ?? []), command])
      return { status: 'accepted' }
    },
  }
  await replay(asked as unknown as RunningSystem, histories)
  return commands
}
