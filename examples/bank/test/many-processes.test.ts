// Many processes run the bank on one Postgres, and half of them are killed over and over: no money is lost or made, all transfers end, and the tables are the fold.
import { postgresStorage, postgresTables } from '@indelible/postgres'
import { startSystem } from 'indelible'
import { expect, onTestFinished, test } from 'vitest'
import { draws, hours, seed } from '../../../scripts/campaign.ts'
import { manyProcesses, processes, sameAsFold, sharedServer } from '../../../scripts/many-processes.ts'
import { bank } from '../bank.ts'
import { transferSaga } from '../transfer/transfer-saga.ts'
import { allMoney } from './all-money.ts'
import { accounts, isRefused, openingBalance } from './drawn-transfers.ts'

test(`${processes} processes share the bank, half of them are killed over and over, one is paused`, hours, async () => {
  const server = await sharedServer()
  const { connectionString } = server
  const asked = new Set<number>()
  const ends = new Map<number, string>()
  const { kills, pauses, handovers } = await manyProcesses({
    child: new URL('sharing-process.ts', import.meta.url),
    args: [connectionString, String(seed), String(processes)],
    server,
    next: draws(),
    said(line) {
      const [what, n] = line.split(' ') as [string, string]
      if (what === 'asked') asked.add(Number(n))
      else ends.set(Number(n), what)
    },
  })
  const { store: open, ...kept } = postgresStorage({ connectionString, mode: 'run' })
  const store = await open()
  const tables = await postgresTables({ connectionString, schema: 'bank' })
  const running = startSystem(bank, { ...kept, store, tables, proofs: {} })
  onTestFinished(() => running.close())
  for (const n of asked) {
    const { status } = await running.waitForSaga(transferSaga, `t${n}`, { timeoutMs: 60_000 })
    expect(status, `t${n}`).toBe(isRefused(n) ? 'compensated' : 'completed')
    if (ends.has(n)) expect(ends.get(n)).toBe(status)
  }
  const { position } = await store.head()
  for (const each of [...bank.projections, transferSaga, { name: '$tree' }])
    await running.waitFor(each, position, { timeoutMs: 60_000 })
  await sameAsFold(running)
  const money = await allMoney(store)
  expect(money.total).toBe(accounts.length * openingBalance)
  // A process may die after it asked and before it says so.
  expect(money.ended).toBeGreaterThanOrEqual(asked.size)
  expect(await running.consumers.show(transferSaga)).toMatchObject({ needsIntervention: [] })
  console.log(
    `bank on ${processes} processes: ${asked.size} transfers, ${kills} kills, ${pauses} pauses, ${handovers} handovers, ${money.events} events; seed ${seed}`,
  )
  expect([kills > 0, pauses > 0, handovers > 0, asked.size > 0]).toEqual([true, true, true, true])
})
