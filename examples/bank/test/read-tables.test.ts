// The read tables of the real bank, rebuilt in every possible way: each time they agree with the bank's own books, for every account and day.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresTables } from '@indelible/postgres'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import {
  type EventStore,
  type Projection,
  type RebuildProgress,
  type RebuildReport,
  type RunningSystem,
  type System,
  startSystem,
} from 'indelible'
import { fileStore } from 'indelible/file'
import { memorySnapshots } from 'indelible/memory'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { long } from '../../../scripts/campaign.ts'
import { skippedBecause } from '../../../scripts/skips.ts'
import { bank as declared } from '../bank.ts'
import { check } from '../import/check.ts'
import { readCzechBank } from '../import/czech-bank.ts'
import { type AccountHistory, accountHistories, replay } from '../import/replay.ts'
import { accountBalances } from '../projections/account-balances.ts'
import { accountStatement } from '../projections/account-statement.ts'
import { czechBankDir, czechBankMissing } from './czech-bank-data.ts'

const accounts = long ? Number.POSITIVE_INFINITY : 120
/** Small, so that most of the history has replay columns. */
const limits = { segmentEventsMax: accounts === 120 ? 500 : 4_000, unindexedEventsMax: 100, columnsShareMax: 1 }
const phases: readonly RebuildProgress['phase'][] = ['folding', 'writing', 'verifying', 'replacing']
const projections = [accountBalances, accountStatement] as const

describe.skipIf(czechBankMissing)(`the read tables of the bank of 1993${skippedBecause(czechBankMissing)}`, () => {
  let dir = ''
  let server: PostgresServer
  let store: EventStore
  let histories: readonly AccountHistory[]
  let bank: RunningSystem
  let total = 0
  const replayed = { batches: 0, byStream: 0 }

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'indelible-tables-'))
    server = await startPostgresServer()
    histories = accountHistories(await readCzechBank(czechBankDir)).slice(0, accounts)
    const files = await fileStore({ dir, limits })
    store = {
      ...files,
      async *replay(types, options) {
        for await (const batch of files.replay(types, options)) {
          replayed.batches++
          if (batch.byStream) replayed.byStream++
          yield batch
        }
      },
    }
  }, 120_000)
  afterAll(async () => {
    await bank?.close()
    await store?.close()
    await server?.remove()
    rmSync(dir, { recursive: true, force: true })
  })

  async function start(system: System = declared): Promise<RunningSystem> {
    await bank?.close()
    const tables = await postgresTables({ connectionString: server.connectionString })
    const kept: EventStore = { ...store, close: async () => {} }
    bank = startSystem(system, { store: kept, tables, snapshots: memorySnapshots() })
    return bank
  }

  async function caughtUp(): Promise<void> {
    const { position } = await store.head()
    for (const projection of projections) await bank.waitFor(projection, position, { timeoutMs: 120_000 })
  }

  async function assertBalances(): Promise<void> {
    await caughtUp()
    const { balanceMismatches, accountDays, closingTotalMinor } = await check(bank, histories)
    expect({ balanceMismatches, closingTotalMinor }).toEqual({ balanceMismatches: 0, closingTotalMinor: total })
    expect(accountDays).toBeGreaterThan(10 * histories.length)
  }

  test('equal its books after the import, during which they are rebuilt', {
    timeout: 600_000,
  }, async () => {
    await start()
    await bank.waitFor(accountBalances, 0)
    let isImporting = true
    const importing = replay(bank, histories).finally(() => {
      isImporting = false
    })
    let rebuilds = 0
    while (isImporting) {
      for (const projection of projections) await bank.rebuild(projection)
      rebuilds++
    }
    await importing
    total = histories.reduce((sum, { transactions }) => sum + (transactions.at(-1)?.balance ?? 0), 0)
    await assertBalances()
    expect(rebuilds).toBeGreaterThan(0)
  })

  test('equal its books when they are rebuilt from columns, with the same rows each time', {
    timeout: 600_000,
  }, async () => {
    const named = (end: string) => readdirSync(dir).filter((name) => name.endsWith(end)).length
    // The last segment is not sealed.
    await vi.waitFor(() => expect(named('.col')).toBe(named('.log') - 1), { timeout: 60_000, interval: 100 })
    expect(named('.col')).toBeGreaterThan(5)
    const reports: RebuildReport[] = []
    for (const projection of [...projections, ...projections]) reports.push(await bank.rebuild(projection))
    expect(reports.slice(2).map(({ contentHash }) => contentHash)).toEqual(
      reports.slice(0, 2).map(({ contentHash }) => contentHash),
    )
    await assertBalances()
  })

  test('stay unchanged when a rebuild is aborted in any phase', { timeout: 600_000 }, async () => {
    for (const projection of projections) {
      for (const phase of phases) {
        const giveUp = new AbortController()
        const progress = (at: RebuildProgress) => at.phase === phase && giveUp.abort()
        await expect(bank.rebuild(projection, { signal: giveUp.signal, progress }), phase).rejects.toMatchObject({
          code: 'aborted',
        })
      }
    }
    await assertBalances()
    for (const projection of projections) await bank.rebuild(projection)
    await assertBalances()
  })

  test('are rebuilt at the start when wrong code was fixed', { timeout: 600_000 }, async () => {
    const wrong = {
      ...accountStatement,
      table: { ...accountStatement.table, fingerprint: 'wrong' },
      // Each line follows from the one before: if one is left out, the next cannot be computed.
      handlers: withoutWithdrawals(accountStatement),
    } as unknown as Projection
    await start({ ...declared, projections: [accountBalances, wrong] as unknown as System['projections'] })
    await expect(bank.waitFor(accountStatement, 10, { timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'projection_parked',
    })
    const doubled = {
      ...accountBalances,
      table: { ...accountBalances.table, fingerprint: 'doubled' },
      handlers: withoutWithdrawals(accountBalances),
    } as unknown as Projection
    await start({ ...declared, projections: [doubled, accountStatement] as unknown as System['projections'] })
    await caughtUp()
    const { closingTotalMinor } = await check(bank, histories)
    expect(closingTotalMinor).toBeGreaterThan(total)
    await start()
    await assertBalances()
    const { position } = await store.head()
    console.log(
      `the bank's tables: ${histories.length} accounts, ${position} events, ${replayed.batches} batches replayed, ` +
        `${replayed.byStream} of them by stream, each account-day as in the bank's books after every rebuild`,
    )
  })
})

/** The handlers of a projection, one of which does nothing. */
function withoutWithdrawals({ events, handlers }: Pick<Projection, 'events' | 'handlers'>): Projection['handlers'] {
  return handlers.map((handler, index) =>
    events[index]!.type === 'FundsWithdrawn' ? { ...handler, change: () => undefined } : handler,
  )
}
