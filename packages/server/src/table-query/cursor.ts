// Opaque names for places in an order of rows. A cursor names the order too, because in another order it would skip rows silently.
import type { Row } from 'indelible'
import type { OrderColumn } from 'indelible/adapter'
import { cursorCharactersMax } from '../limits.ts'
import { invalid } from '../parameters.ts'

/** The place of a row. Throws `invalid_parameter` where its values are too long for a link. */
export function cursorOf(row: Row, order: readonly OrderColumn[]): string {
  const values = order.map(({ column }) => row[column])
  const cursor = Buffer.from(JSON.stringify([orderText(order), ...values])).toString('base64url')
  if (cursor.length <= cursorCharactersMax) return cursor
  const problem = `its values have more than ${cursorCharactersMax} characters as a cursor. Order by other columns.`
  throw invalid('orderBy', `The page ends at a row that the next page cannot begin after: ${problem}`)
}

/** The columns of the order of the row that a cursor stands for; their values are not checked. Throws `invalid_parameter`. */
export function rowAt(cursor: string, order: readonly OrderColumn[]): Row {
  const found = valuesIn(cursor)
  const [orderBy, ...values]: readonly unknown[] = Array.isArray(found) ? found : []
  if (typeof orderBy !== 'string') {
    throw invalid('after', '"after" is no cursor of this table. Take it from the link to the next page.')
  }
  if (orderBy !== orderText(order) || values.length !== order.length) {
    const wanted = orderText(order)
    throw invalid('after', `"after" is a cursor of the order ${orderBy}, not ${wanted}. Begin again without it.`)
  }
  return Object.fromEntries(order.map(({ column }, index) => [column, values[index]]))
}

function orderText(order: readonly OrderColumn[]): string {
  return order.map(({ column, direction }) => (direction === 'asc' ? column : `-${column}`)).join()
}

function valuesIn(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
}
