// How Postgres finds events: whatever is asked, it reads from an index about as many entries as it gives back, however long the log is. That is so in a young log
// too, whose statistics say nothing yet.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import type { EventStore, Query, StreamName } from 'indelible'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { long } from '../../../../scripts/campaign.ts'
import { postgresStore } from './event-store.ts'
import { queryJson } from './terms.ts'

const eventCount = long ? 2_000_000 : 30_000
const limit = 20

let server: PostgresServer
let client: pg.Client
let store: EventStore
let logId: string
const plans: Plan[] = []

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly Plan[]
}

beforeAll(async () => {
  server = await startPostgresServer()
  client = new pg.Client(server.connectionString)
  await client.connect()
  store = await postgresStore({ connectionString: server.connectionString })
  logId = (await store.historyAt(0))!
  await fill()
  client.on('notice', ({ message }) => {
    const json = message?.slice(message.indexOf('{'))
    if (json) plans.push((JSON.parse(json) as { Plan: Plan }).Plan)
  })
  const settings = {
    log_min_duration: '0',
    log_nested_statements: 'on',
    log_analyze: 'on',
    log_format: 'json',
    log_level: 'notice',
  }
  await client.query("LOAD 'auto_explain'")
  for (const [name, value] of Object.entries(settings)) await client.query(`SET auto_explain.${name} = '${value}'`)
}, 20 * 60_000)
afterAll(async () => {
  await client?.end()
  await store?.close()
  await server?.remove()
})

/** One stream and one tag have every second event; each of many streams and tags has a few; one type has three events. */
async function fill(): Promise<void> {
  const perCommit = 100
  for (let from = 0; from < eventCount; from += perCommit * 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, commit) => {
        const numbers = Array.from({ length: perCommit }, (_, index) => from + commit * perCommit + index)
        return store.append({
          events: numbers.map((n) => ({
            stream: n % 2 === 0 ? 'busy-1' : (`account-${n % 5_000}` as StreamName),
            type: n % 10_000 === 7 ? 'Rare' : n % 3 === 0 ? 'Moved' : 'Opened',
            data: { n },
            tags: ['all', `seat:${n % 4_999}`, ...(n % 2 === 0 ? ['even'] : [])],
            metadata: { correlationId: `request-${n % 3_001}` },
          })),
        })
      }),
    )
  }
}

const queries: readonly [string, Query][] = [
  ['a cold stream', [{ streams: ['account-77'] }]],
  ['a busy stream', [{ streams: ['busy-1'] }]],
  ['a category', [{ categories: ['account'] }]],
  ['a rare type', [{ types: ['Rare'] }]],
  ['two types', [{ types: ['Rare', 'Opened'] }]],
  ['a type of a category', [{ categories: ['account'], types: ['Moved'] }]],
  ['a rare tag', [{ tags: ['seat:12'] }]],
  ['a rare tag and a frequent one', [{ tags: ['all', 'seat:12'] }]],
  ['a frequent tag', [{ tags: ['all'] }]],
  ['a type with a rare tag', [{ types: ['Moved'], tags: ['seat:12'] }]],
  ['a correlation id', [{ correlationIds: ['request-5'] }]],
  ['a stream and a tag', [{ streams: ['account-77'], tags: ['all'] }]],
  ['several items', [{ tags: ['seat:12'] }, { streams: ['account-77'] }, { types: ['Rare'] }]],
]

describe.each(['forwards', 'backwards'])('read %s', (direction) => {
  test.each(queries)('%s', async (_, query) => {
    const [stream] = query === 'all' ? [] : (query[0]!.streams ?? [])
    const isStream = query.length === 1 && stream !== undefined && !(query[0] as { tags?: unknown }).tags
    const rows = isStream
      ? await asked(`SELECT * FROM indelible.read_stream_${direction}(1, $1, 1, $2, ${limit})`, [stream, eventCount])
      : await asked(`SELECT * FROM indelible.read_query_${direction}(1, $1, false, 1, $2, ${limit})`, [
          queryJson(logId, query),
          eventCount,
        ])
    expect(rows.length).toBeGreaterThan(0)
    expectFew()
  })

  test('everything', async () => {
    expect(
      await asked(`SELECT * FROM indelible.read_all_${direction}(1, false, 1, $1, ${limit})`, [eventCount]),
    ).toHaveLength(limit)
    expectFew()
  })
})

test.each(queries)('a condition on %s', async (_, query) => {
  const sql = 'SELECT * FROM indelible.matching_backwards(1, $1, $2, $3, 1, false)'
  for (const after of [0, eventCount - 5]) {
    await asked(sql, [queryJson(logId, query), after + 1, eventCount])
    expectFew()
  }
})

test('several streams, cold, busy and missing ones', async () => {
  const streams = ['account-77', 'busy-1', 'account-99999', 'account-4001']
  const every = (position: number) => streams.map(() => position)
  const sql = `SELECT * FROM indelible.read_streams(1, $1, $2, $3, ${limit})`
  const rows = (await asked(sql, [streams, every(1), every(eventCount)])) as { nth: string }[]
  expect([...new Set(rows.map(({ nth }) => Number(nth)))]).toEqual([1, 2, 4])
  expectFew()
})

test('the position at a time is found by a few events', async () => {
  await asked('SELECT indelible.position_at(1, now())', [])
  expectFew()
})

async function asked(sql: string, values: readonly unknown[]): Promise<unknown[]> {
  plans.length = 0
  return (await client.query(sql, [...values])).rows
}

/** No statement has read more than a few times what was asked for. */
function expectFew(): void {
  expect(plans.length).toBeGreaterThan(0)
  for (const plan of plans.flatMap(withInner)) {
    const rows =
      plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0)
    const read = rows * plan['Actual Loops']
    // A tag is looked at 200 times to find out how rare it is.
    expect(read, JSON.stringify(plan)).toBeLessThanOrEqual(700)
    const isOfLog = /^(events|terms|streams|commands)/.test(plan['Relation Name'] ?? '')
    if (isOfLog) expect(plan['Node Type'], JSON.stringify(plan)).toMatch(/^Index (Only )?Scan$/)
  }
}

function withInner(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(withInner)]
}
