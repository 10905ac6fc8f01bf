// Opaque names for places in an order of rows. A cursor names the order too, because in another order it would skip rows silently.
import type { Row } from '../kernel/tables.ts'
import { base64, fromUtf8, utf8 } from '../kernel/text.ts'
import type { OrderColumn } from '../store/canonical-select.ts'
import { cursorCharactersMax } from './limits.ts'
import { invalid } from './parameters.ts'

/** The place of a row. Throws `invalid_parameter` if its values are too long for a cursor. */
export function cursorOf(row: Row, order: readonly OrderColumn[]): string {
  const values = order.map(({ column }) => row[column])
  const text = base64(utf8(JSON.stringify([orderText(order), ...values])))
  const cursor = text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  if (cursor.length <= cursorCharactersMax) return cursor
  const problem = `its values have more than ${cursorCharactersMax} characters as a cursor. Order by other columns.`
  throw invalid('orderBy', `The page ends at a row that the next page cannot begin after: ${problem}`)
}

/** The columns of the order of the row that a cursor stands for; their values are not checked. Throws `invalid_parameter`. */
export function rowAt(cursor: string, order: readonly OrderColumn[]): Row {
  const found = valuesIn(cursor)
  const [orderBy, ...values]: readonly unknown[] = Array.isArray(found) ? found : []
  if (typeof orderBy !== 'string') {
    throw invalid('after', '"after" is no cursor of this table. Take it from the page before.')
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
    const binary = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
    return JSON.parse(fromUtf8(Uint8Array.from(binary, (character) => character.charCodeAt(0))))
  } catch {
    return undefined
  }
}
