// The bank is killed again and again while it moves money between a hundred accounts: every transfer is completed or compensated, and at every position of
// the log the accounts and the table `in_flight` hold all the money there is.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { startSystem } from 'indelible'
import { fileStorage } from 'indelible/file'
import { expect, onTestFinished, test } from 'vitest'
import { type Draw, draws, hours, long, seed } from '../../../scripts/campaign.ts'
import { bank } from '../bank.ts'
import { accountBalances } from '../projections/account-balances.ts'
import { inFlight } from '../projections/in-flight.ts'
import { transferSaga } from '../transfer/transfer-saga.ts'
import { allMoney } from './all-money.ts'
import { accounts, isRefused, openingBalance } from './drawn-transfers.ts'

const transfers = long ? 10_000 : 150
const kills = long ? 100 : 3
const brought = accounts.length * openingBalance
const child = new URL('transferring-process.ts', import.meta.url).pathname

test(
  `${transfers} transfers survive ${kills} kills, and money in flight is explained at every position`,
  hours,
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'indelible-transfers-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    const next = draws()
    const ends = new Map<number, string>()
    for (let left = kills; left >= 0; left--) await transferred({ dataDir, ends, next, killsLeft: left })
    for (let n = 0; n < transfers; n++) expect(ends.get(n), `t${n}`).toBe(isRefused(n) ? 'compensated' : 'completed')
    const { events, inFlightMax, positionsInFlight } = await checked(dataDir)
    console.log(
      `transfers: ${transfers}, of which ${[...ends.values()].filter((end) => end === 'compensated').length} were compensated, ${kills} kills, ` +
        `${events} events; at ${positionsInFlight} positions up to ${inFlightMax} were in flight, and the total was right at all; seed ${seed}`,
    )
    expect(inFlightMax).toBeGreaterThan(1)
  },
)

interface Round {
  readonly dataDir: string
  /** How transfers ended that somebody was told of. */
  readonly ends: Map<number, string>
  readonly next: Draw
  /** This one included; with none, the process does what is left and ends. */
  readonly killsLeft: number
}

/** Lets a process go on with the transfers, and kills it. */
async function transferred({ dataDir, ends, next, killsLeft }: Round): Promise<void> {
  let first = 0
  while (ends.has(first)) first++
  const args = [dataDir, first, transfers, seed, killsLeft > 0 ? 'killed' : 'done'].map(String)
  const process_ = spawn(process.execPath, ['--conditions=@indelible/source', child, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void process_.kill('SIGKILL'))
  const exit = once(process_, 'exit')
  // Counted in what was done, as a slow machine does less in a time; now and then it dies while it takes up what was left.
  const share = Math.ceil((transfers - ends.size) / (killsLeft + 1))
  let left = next(8) === 0 ? 0 : Math.ceil(share / 2) + next(share)
  for await (const line of createInterface({ input: process_.stdout! })) {
    const [n, status] = line.split(' ')
    if (status !== undefined) ends.set(Number(n), status)
    const isTime = left-- === 0 || line === 'done'
    if (killsLeft > 0 && isTime) void pause(next(30)).then(() => process_.kill('SIGKILL'))
  }
  const [code] = await exit
  expect(code).toBe(killsLeft > 0 ? null : 0)
}

async function checked(dataDir: string) {
  const { store: open, ...kept } = fileStorage({ dataDir, mode: 'run' })
  const store = await open()
  const money = await allMoney(store)
  expect([money.total, money.ended]).toEqual([brought, transfers])
  // The same by the running system, whose tables are made of the log that the killed processes left.
  const running = startSystem(bank, { ...kept, store })
  const { position } = await store.head()
  for (const each of [accountBalances, inFlight, transferSaga])
    await running.waitFor(each, position, { timeoutMs: 60_000 })
  expect(await running.select(inFlight)).toEqual([])
  expect(await running.verifyTable(accountBalances)).toMatchObject({ differences: [] })
  expect(await running.consumers.show(transferSaga)).toMatchObject({ active: 0, waiting: 0, needsIntervention: [] })
  await running.close()
  return money
}
