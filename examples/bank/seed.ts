// A small history to look at on the first start, made like any other: by commands.
import type { Command, RunningSystem } from 'indelible'
import { CloseAccount } from './account/close-account.ts'
import { DepositFunds } from './account/deposit-funds.ts'
import { OpenAccount } from './account/open-account.ts'
import { WithdrawFunds } from './account/withdraw-funds.ts'
import { RequestTransfer } from './transfer/transfer.ts'
import { transferSaga } from './transfer/transfer-saga.ts'

const history: readonly { daysAgo: number; command: Command }[] = [
  { daysAgo: 21, command: OpenAccount('ann', { owner: 'Ann Marlow' }) },
  { daysAgo: 21, command: OpenAccount('ben', { owner: 'Ben Okafor', overdraftLimit: 200_00 }) },
  { daysAgo: 20, command: DepositFunds('ann', { amount: 1_000_00, reference: 'salary' }) },
  { daysAgo: 20, command: DepositFunds('ben', { amount: 250_00, reference: 'salary' }) },
  { daysAgo: 18, command: OpenAccount('cora', { owner: 'Cora Lindt' }) },
  { daysAgo: 18, command: DepositFunds('cora', { amount: 75_00 }) },
  { daysAgo: 14, command: WithdrawFunds('ann', { amount: 120_50, reference: 'groceries' }) },
  { daysAgo: 12, command: RequestTransfer('seed-1', { from: 'ann', to: 'ben', amount: 200_00 }) },
  { daysAgo: 5, command: WithdrawFunds('cora', { amount: 75_00 }) },
  { daysAgo: 4, command: CloseAccount('cora', {}) },
  { daysAgo: 2, command: DepositFunds('ann', { amount: 49_90, reference: 'refund' }) },
]

const dayMs = 24 * 60 * 60 * 1000

/** Every command has an id, so seeding again, also after half of it, adds only what is missing. */
export async function seed(bank: RunningSystem, nowMs: number): Promise<void> {
  if (await bank.store.findCommit(`seed:${history.length - 1}`)) return
  for (const [index, { daysAgo, command }] of history.entries()) {
    const validAt = new Date(nowMs - daysAgo * dayMs).toISOString().slice(0, 10)
    const outcome = await bank.send(command, { commandId: `seed:${index}`, actor: 'seed', validAt })
    if (outcome.status !== 'accepted') throw new Error(`Seeding stopped at ${command.type}: ${JSON.stringify(outcome)}`)
    if (command.category === 'transfer') await bank.waitForSaga(transferSaga, command.id)
  }
}
