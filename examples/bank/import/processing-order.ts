// Within a day the file does not list an account's bookings in the order in which the bank made them. The recorded balances give it away:
// each must follow from the one before, up to the bank's rounding.
import { BadInput } from './bad-input.ts'
import type { Transaction } from './czech-bank.ts'

/** The bank rounds balances to 0.1 CZK: so many halers may a recorded balance differ from the sum. */
export const roundingMax = 10

/** The transactions of one account in the order in which they were made, starting at balance 0. Throws `BadInput` if there is no such order. */
export function processingOrder(transactions: readonly Transaction[]): Transaction[] {
  const days = [...Map.groupBy(transactions, ({ date }) => date)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, sameDay]) => sameDay)
  const deadEnds = new Set<string>()
  let furthest = 0

  const order = search(0, days[0] ?? [], 0)
  if (order) return order.reverse()
  const { file, line, accountId, date, balance } = days[furthest]![0]!
  throw new BadInput(
    file,
    line,
    `no order of the bookings of account ${accountId} on ${date} gives the balances recorded there (${balance / 100} CZK here).`,
  )

  /** Depth first, the best fit first; gives the order backwards. A state that led nowhere is not entered twice. */
  function search(day: number, open: readonly Transaction[], balance: number): Transaction[] | undefined {
    if (open.length === 0) {
      const next = days[day + 1]
      return next ? search(day + 1, next, balance) : []
    }
    furthest = Math.max(furthest, day)
    const state = `${day} ${balance} ${open.map(({ id }) => id).join()}`
    if (deadEnds.has(state)) return undefined
    const candidates = open
      .map((transaction) => ({ transaction, off: Math.abs(balance + transaction.amount - transaction.balance) }))
      .filter(({ off }) => off <= roundingMax)
      .sort((a, b) => a.off - b.off)
    for (const { transaction } of candidates) {
      const rest = search(
        day,
        open.filter((other) => other !== transaction),
        transaction.balance,
      )
      if (!rest) continue
      rest.push(transaction)
      return rest
    }
    deadEnds.add(state)
    return undefined
  }
}
