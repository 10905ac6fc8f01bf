// The transfers of the kill campaign, which the process that is killed and the one that kills it both know.
import { draws } from '../../../scripts/campaign.ts'
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
