// The money of the bank at every position of a log: on accounts and in flight.
import type { EventStore, Projection, RecordedEvent, Row } from 'indelible'
import { expect } from 'vitest'
import { accountBalances } from '../projections/account-balances.ts'
import { inFlight } from '../projections/in-flight.ts'

export interface Money {
  readonly events: number
  readonly total: number
  /** The transfers that ended, each once. */
  readonly ended: number
  readonly inFlightMax: number
  readonly positionsInFlight: number
}

/** Folds the log once, and looks at all the money after each event: the total is what was brought, no account has less than nothing, and in the end nothing is in flight. */
export async function allMoney(store: EventStore): Promise<Money> {
  const [balances, flying] = [fold(accountBalances, 'balance'), fold(inFlight, 'amount')]
  let [total, inFlightMax, positionsInFlight, events] = [0, 0, 0, 0]
  const ended = new Set<string>()
  for await (const batch of store.read('all', { reserved: true })) {
    for (const event of batch.events) {
      events++
      if (event.type === '$SagaCompleted' || event.type === '$SagaCompensated') {
        expect(ended.has(event.stream), event.stream).toBe(false)
        ended.add(event.stream)
      }
      if (event.type === 'FundsDeposited' && event.metadata.saga === undefined)
        total += (event.data as { amount: number }).amount
      balances.apply(event)
      flying.apply(event)
      if (balances.sum() + flying.sum() !== total)
        expect.fail(`At ${event.position} accounts have ${balances.sum()}, ${flying.sum()} is in flight, of ${total}.`)
      if (balances.least() < 0) expect.fail(`At ${event.position} an account has ${balances.least()}.`)
      if (flying.rows.size > 0) positionsInFlight++
      inFlightMax = Math.max(inFlightMax, flying.rows.size)
    }
  }
  expect(flying.rows.size).toBe(0)
  return { events, total, ended: ended.size, inFlightMax, positionsInFlight }
}

/** The rows of a table, event by event, and the sum of one of its columns. */
function fold({ events, handlers, table }: Pick<Projection, 'events' | 'handlers' | 'table'>, column: string) {
  const rows = new Map<string, Row>()
  const keyOf = (row: Row) => JSON.stringify(table.key.map((name) => row[name]))
  return {
    rows,
    apply(event: RecordedEvent): void {
      const index = events.findIndex(({ type }) => type === event.type)
      if (index < 0) return
      const { keys, change, row } = handlers[index]!
      for (const key of [keys?.(event) ?? { [table.key[0]!]: event.streamId }].flat()) {
        const made = change(event, row === 'none' ? undefined : rows.get(keyOf(key)), key)
        if (made === null) rows.delete(keyOf(key))
        else rows.set(keyOf(made as Row), made as Row)
      }
    },
    least: () => Math.min(0, ...[...rows.values()].map((row) => row[column] as number)),
    sum: () => [...rows.values()].reduce((sum, row) => sum + (row[column] as number), 0),
  }
}
