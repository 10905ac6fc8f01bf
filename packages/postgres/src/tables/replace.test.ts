import { setTimeout as sleep } from 'node:timers/promises'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import type { ReadTables, Row, TableDefinition } from 'indelible'
import { previousTableName, stagingTable } from 'indelible/adapter'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { long } from '../../../../scripts/campaign.ts'
import { accountRows, accounts, at } from '../../test/samples.ts'
import { postgresTables } from '../server/index.ts'
import type { SqlReadTables } from './tables.ts'

const rowsPerTable = 20
const runMs = long ? 60_000 : 2_500

let server: PostgresServer
let tables: SqlReadTables
beforeAll(async () => {
  server = await startPostgresServer()
  tables = await postgresTables({ connectionString: server.connectionString, max: 12 })
})
afterAll(async () => {
  await tables?.close()
  await server?.remove()
})

/** Rows that all contain the position of their table, so that a lost row, or one in the wrong table, is visible. */
const rowsAt = (position: number) => accountRows(rowsPerTable, position)

test('tables are replaced repeatedly while many clients save and read: no change is lost, and every reader sees one complete table', async () => {
  await tables.open(accounts)
  const counts = { saved: 0, superseded: 0, replaced: 0, behind: 0, scans: 0 }
  const endsAt = performance.now() + runMs
  // A busy machine takes longer until everything has happened once.
  const isOver = () => {
    const overtimeMs = performance.now() - endsAt
    return overtimeMs > 45_000 || (overtimeMs > 0 && Math.min(...Object.values(counts)) > 0)
  }
  const untilEnd = async (work: () => Promise<void>) => {
    while (!isOver()) await work()
  }
  const write = async () => {
    const { fingerprint, position } = await tables.state(accounts)
    counts[await saveAt(tables, { ...accounts, fingerprint }, position)]++
    // Now and then the staging table catches up.
    await sleep(Math.random() * 20)
  }
  const read = async () => {
    const found: Row[] = []
    const { position } = await tables.scan(accounts, (rows) => found.push(...rows))
    expect(found.map(({ balance }) => balance)).toEqual(position === 0 ? [] : Array(rowsPerTable).fill(position))
    const balances = new Set((await tables.select(accounts)).map(({ balance }) => balance))
    expect(balances.size).toBeLessThanOrEqual(1)
    counts.scans++
  }
  const replace = async () => {
    const live = { ...accounts, fingerprint: `code-${counts.replaced + 1}` }
    const staging = stagingTable(live)
    const { position } = await tables.state(accounts)
    await tables.drop(staging.name)
    await tables.open(staging)
    if (position > 0) expect(await tables.bulkLoad(staging, rowsAt(position), at(position))).toBe('saved')
    while (!isOver()) {
      if ((await tables.replace(live, staging)) === 'replaced') {
        counts.replaced++
        return await checkPrevious()
      }
      counts.behind++
      const [{ position: from }, { position: to }] = [await tables.state(staging), await tables.state(live)]
      expect(await tables.save({ table: staging, upserts: rowsAt(to), removals: [], from, to: at(to) })).toBe('saved')
    }
  }
  const checkPrevious = async () => {
    const previous = { ...accounts, name: previousTableName(accounts.name) }
    const { position } = await tables.state(previous)
    const balances = (await tables.select(previous)).map(({ balance }) => balance)
    expect(balances).toEqual(position === 0 ? [] : Array(rowsPerTable).fill(position))
  }
  await Promise.all([write, write, write, write, read, read, replace].map(untilEnd))
  expect((await tables.state(accounts)).position).toBe(counts.saved)
  await read()
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(0)
})

async function saveAt(tables: ReadTables, table: TableDefinition, from: number): Promise<'saved' | 'superseded'> {
  return await tables.save({ table, upserts: rowsAt(from + 1), removals: [], from, to: at(from + 1) })
}
