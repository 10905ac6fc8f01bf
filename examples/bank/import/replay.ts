// Makes the bank's history happen again, through commands. Each carries an id made from the bank's own, so an import that was cut off can simply be run again.
import type { Command, CommandOutcome, RunningSystem } from 'indelible'
import { AdjustBalance } from '../account/adjust-balance.ts'
import { DepositFunds } from '../account/deposit-funds.ts'
import { OpenAccount } from '../account/open-account.ts'
import { WithdrawFunds } from '../account/withdraw-funds.ts'
import type { BankAccount, CzechBank, Transaction } from './czech-bank.ts'
import { processingOrder } from './processing-order.ts'

/** Accounts that are replayed at the same time, each in date order. */
const accountsAtOnce = 128

/** One account with its transactions in processing order. */
export interface AccountHistory {
  readonly account: BankAccount
  readonly transactions: readonly Transaction[]
}

type Outcome = Extract<CommandOutcome, { status: 'accepted' }>

export interface ReplayListener {
  /** A command is durable. */
  readonly onAcknowledged?: (outcome: Outcome) => void
  /** So many more transactions are done. */
  readonly onProgress?: (transactions: number) => void
}

/** Finds the processing order of every account. Throws `BadInput`; nothing has been imported then. */
export function accountHistories({ accounts, transactions }: CzechBank): AccountHistory[] {
  const byAccount = Map.groupBy(transactions, ({ accountId }) => accountId)
  return accounts.map((account) => ({ account, transactions: processingOrder(byAccount.get(account.id) ?? []) }))
}

/** Sends everything. Gives the number of bookings that needed an adjustment. */
export async function replay(
  bank: RunningSystem,
  histories: readonly AccountHistory[],
  { onAcknowledged, onProgress }: ReplayListener = {},
): Promise<{ adjustments: number }> {
  const waiting = histories.values()
  let adjustments = 0
  // All workers take from the one iterator, so each account is replayed by one of them, in order.
  await Promise.all(
    Array.from({ length: accountsAtOnce }, async () => {
      for (const history of waiting) await replayAccount(history)
    }),
  )
  return { adjustments }

  async function replayAccount({ account, transactions }: AccountHistory): Promise<void> {
    const overdraftLimit = deepestOverdraft(transactions)
    const opening = OpenAccount(account.id, { owner: `Client of account ${account.id}`, overdraftLimit })
    await send(opening, `account:${account.id}`, account.openedOn)
    let balance = 0
    for (const transaction of transactions) {
      const { id, accountId, date } = transaction
      await send(booking(transaction), `transaction:${id}`, date)
      const difference = transaction.balance - (balance + transaction.amount)
      if (difference !== 0) {
        const reason = `The bank rounded the balance after transaction ${id} to 0.1 CZK.`
        await send(AdjustBalance(accountId, { difference, reason }), `adjustment:${id}`, date)
        adjustments++
      }
      balance = transaction.balance
      onProgress?.(1)
    }
  }

  async function send(command: Command, id: string, validAt: string): Promise<void> {
    const outcome = await bank.send(command, { commandId: `czech-bank:${id}`, actor: 'import:czech-bank', validAt })
    if (outcome.status !== 'accepted') {
      throw new Error(`${command.type} for account ${command.id} was not accepted: ${JSON.stringify(outcome)}`)
    }
    onAcknowledged?.(outcome)
  }
}

function booking({ accountId, amount, purpose: reference }: Transaction): Command {
  return amount > 0
    ? DepositFunds(accountId, { amount, reference })
    : WithdrawFunds(accountId, { amount: -amount, reference })
}

/** A few accounts went below zero: they had an overdraft, at least as deep as they used it. */
function deepestOverdraft(transactions: readonly Transaction[]): number {
  let balance = 0
  let lowest = 0
  for (const transaction of transactions) {
    lowest = Math.min(lowest, balance + transaction.amount)
    balance = transaction.balance
  }
  return -lowest
}
