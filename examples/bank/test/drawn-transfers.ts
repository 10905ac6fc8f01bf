// The transfers of the kill campaigns, which the processes that are killed and the one that kills them know.
import type { RunningSystem } from 'indelible'
import { draws } from '../../../scripts/campaign.ts'
import { CloseAccount } from '../account/close-account.ts'
import { DepositFunds } from '../account/deposit-funds.ts'
import { OpenAccount } from '../account/open-account.ts'
import type { TransferOrder } from '../transfer/transfer.ts'

export const accounts = Array.from({ length: 100 }, (_, n) => `a${n}`)
/** An account that takes nothing any more. */
export const closed = 'closed'
export const openingBalance = 1_000_000

/** One in twenty is refused: now by the account that it comes from, now by the one that it goes to. */
export function isRefused(n: number): boolean {
  return n % 20 === 0
}

export function transferOrder(n: number, seed: number): TransferOrder {
  const next = draws(seed + n)
  const from = next(accounts.length)
  const to = (from + 1 + next(accounts.length - 1)) % accounts.length
  const order = { from: accounts[from]!, to: accounts[to]!, amount: 1 + next(500) }
  if (!isRefused(n)) return order
  return n % 40 === 0 ? { ...order, to: closed } : { ...order, amount: 1_000_000_000 }
}

/** Every command has an id, so that what another process has done is not done again. */
export async function openAccounts(running: RunningSystem): Promise<void> {
  await Promise.all(
    [...accounts, closed].map(async (id) => {
      await running.send(OpenAccount(id, { owner: id }), { commandId: `open:${id}` })
      if (id === closed) await running.send(CloseAccount(id, {}), { commandId: 'close' })
      else await running.send(DepositFunds(id, { amount: openingBalance }), { commandId: `deposit:${id}` })
    }),
  )
}
