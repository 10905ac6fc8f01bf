// How many events per second a projection takes in while they are appended.
import { mkdirSync } from 'node:fs'
import type { NewEvent, Row as TableRow } from 'indelible'
import { accountBalances } from '../bank.ts'
import { bankEvents, checkRows, eventsPerAccount } from '../bank-log.ts'
import { atLeast, type BenchCase, type BenchContext, sized } from '../case.ts'
import { check } from '../check.ts'
import { startBank } from '../projecting.ts'
import { inRounds } from '../rounds.ts'

const commitEvents = 100
const clients = 16
/** Appends wait when the table is this far behind, because the case measures what the projection keeps up with. */
const lagEventsMax = 200_000

export const followCase: BenchCase = {
  name: 'follow',
  summary: 'events a second that a projection on a server keeps up with while they are appended',
  async *run(context) {
    const events = sized(context.scale, { full: 2_000_000, quick: 200_000, tiny: 2000 })
    const { ours } = await inRounds({ ours: () => followRate(events, context) }, context)
    yield {
      case: followCase.name,
      configuration: `${clients} clients x ${commitEvents} events`,
      unit: 'events/s',
      ours: ours!,
      limit: null,
      peers: {},
      targets: [atLeast('100,000 events/s', ours!, 100_000)],
      conditions: { events, payloadBytes: 85, clients, sync: 'every commit', rows: events / eventsPerAccount },
    }
  },
}

/** From the first append until the table shows the last event. */
async function followRate(events: number, context: BenchContext): Promise<number> {
  const dir = context.scratch('follow')
  mkdirSync(dir, { recursive: true })
  const database = await context.database()
  const bank = await startBank(dir, database.connectionString)
  const accounts = events / eventsPerAccount
  const source = bankEvents(accounts)
  let taken = 0
  let shown = 0
  const take = () => {
    const commit: NewEvent[] = []
    while (commit.length < commitEvents && taken < events) {
      commit.push(source.next().value as NewEvent)
      taken++
    }
    return commit
  }
  try {
    await bank.waitFor(accountBalances, 0)
    const begin = performance.now()
    const client = async () => {
      for (let commit = take(); commit.length > 0; commit = take()) {
        const outcome = await bank.store.append({ events: commit })
        if (outcome.status !== 'written') throw new Error(outcome.status)
        const behind = outcome.lastPosition - lagEventsMax
        if (behind > shown) {
          await bank.waitFor(accountBalances, behind, { timeoutMs: 120_000 })
          shown = Math.max(shown, behind)
        }
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
    await bank.waitFor(accountBalances, events, { timeoutMs: 120_000 })
    const seconds = (performance.now() - begin) / 1000
    const rows: TableRow[] = []
    for (let page = await bank.select(accountBalances, { limit: 10_000 }); page.length > 0; ) {
      rows.push(...page)
      page = await bank.select(accountBalances, { limit: 10_000, after: { account_id: page.at(-1)!.account_id } })
    }
    check(rows.length === accounts, 'every account has its row')
    checkRows(rows, { accounts, events })
    return events / seconds
  } finally {
    await bank.close()
    await database.drop()
  }
}
