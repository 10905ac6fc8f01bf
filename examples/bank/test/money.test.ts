// In any history of deposits, withdrawals, closings and transfers, refused or not, and with the process dying at any append, no money appears or is lost.
import fc from 'fast-check'
import type { Command, ConsumerRecords, EventStore, RunningSystem } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { crashingStore } from 'indelible/testing'
import { expect, test, vi } from 'vitest'
import { long, seed } from '../../../scripts/campaign.ts'
import { CloseAccount } from '../account/close-account.ts'
import { DepositFunds } from '../account/deposit-funds.ts'
import { OpenAccount } from '../account/open-account.ts'
import { WithdrawFunds } from '../account/withdraw-funds.ts'
import { accountBalances } from '../projections/account-balances.ts'
import { RequestTransfer } from '../transfer/transfer.ts'
import { balanceOf, bankInMemory } from './bank-in-memory.ts'

const histories = long ? 5_000 : 100
const ids = ['a', 'b', 'c', 'd']

const id = fc.constantFrom(...ids)
const amount = fc.integer({ min: 1, max: 300 })
type Action = { crash: { after: number; written: boolean } } | { command: (n: number) => Command }
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(id, amount).map(([to, amount]) => ({ command: () => DepositFunds(to, { amount }) })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(id, amount).map(([from, amount]) => ({ command: () => WithdrawFunds(from, { amount }) })),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(id, fc.constantFrom(...ids, 'nobody'), amount)
      .map(([from, to, amount]) => ({ command: (n: number) => RequestTransfer(`t${n}`, { from, to, amount }) })),
  },
  { weight: 1, arbitrary: id.map((closing) => ({ command: () => CloseAccount(closing, {}) })) },
  {
    weight: 1,
    arbitrary: fc.record({ after: fc.nat(12), written: fc.boolean() }).map((crash) => ({ crash })),
  },
)

test(`the total is constant over ${histories} histories`, async () => {
  let crashes = 0
  let metByClient = 0
  let transfers = 0
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 60, size: 'max' }), async (actions) => {
      const [store, consumers] = [memoryStore(), memoryConsumers()]
      let bank = await openingDay(store, consumers)
      let process_ = crashingStore(store, { after: Number.POSITIVE_INFINITY, written: false })

      for (const [n, next] of actions.entries()) {
        if ('crash' in next) {
          await bank.close()
          if (process_.hasCrashed) crashes++
          process_ = crashingStore(store, next.crash)
          bank = bankInMemory({ store: process_, consumers })
          continue
        }
        const command = next.command(n)
        // A client that gets no answer sends the same command again, to the next process.
        const sent = bank.send(command, { commandId: `command-${n}` })
        await sent.catch(async () => {
          metByClient++
          crashes++
          await bank.close()
          process_ = crashingStore(store, { after: Number.POSITIVE_INFINITY, written: false })
          bank = bankInMemory({ store: process_, consumers })
          await bank.send(command, { commandId: `command-${n}` })
        })
      }
      await bank.close()

      bank = bankInMemory({ store, consumers })
      await sagasSettled(bank)
      const { position } = await store.head()
      await bank.waitFor(accountBalances, position)
      const rows = await bank.select(accountBalances)
      for (const { account_id, balance } of rows) {
        expect(balance).toBeGreaterThanOrEqual(0)
        expect(balance).toBe(await balanceOf(store, account_id))
      }
      const { expected, requested } = await moneyBrought(store)
      transfers += requested
      expect(rows.reduce((sum, { balance }) => sum + balance, 0)).toBe(expected)
      await bank.close()
    }),
    { numRuns: histories },
  )
  console.log(
    `money: ${histories} histories, ${transfers} transfers, ${crashes} crashes (${metByClient} met by a client), seed ${seed}`,
  )
  expect(crashes).toBeGreaterThan(0)
})

async function openingDay(store: EventStore, consumers: ConsumerRecords): Promise<RunningSystem> {
  const bank = bankInMemory({
    consumers,
    store: crashingStore(store, { after: Number.POSITIVE_INFINITY, written: false }),
  })
  for (const account of ids) {
    await bank.send(OpenAccount(account, { owner: account }))
    await bank.send(DepositFunds(account, { amount: 200 }))
  }
  return bank
}

async function sagasSettled(bank: RunningSystem): Promise<void> {
  await vi.waitFor(
    async () => {
      const { head, consumers } = await bank.health()
      expect(consumers.find(({ kind }) => kind === 'saga')).toMatchObject({
        state: 'running',
        active: 0,
        position: head.position,
        needsIntervention: [],
      })
    },
    { timeout: 10_000, interval: 1 },
  )
}

/** The deposits minus the withdrawals. Transfers only move money. */
async function moneyBrought(store: EventStore): Promise<{ expected: number; requested: number }> {
  let expected = 0
  let requested = 0
  for await (const { events } of store.read('all')) {
    for (const { type, data, metadata } of events) {
      const { amount } = data as { amount: number }
      if (type === 'TransferRequested') requested++
      if (metadata.actor === 'saga:transfer') continue
      if (type === 'FundsDeposited') expected += amount
      if (type === 'FundsWithdrawn') expected -= amount
    }
  }
  return { expected, requested }
}
