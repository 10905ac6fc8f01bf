// Random tables, conditions, orders and pages, held against a model that knows nothing of how a database selects.
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { bigint, boolean, type Columns, date, integer, type Row, text, timestamp } from '../../kernel/tables.ts'
import type { ReadTables } from '../../store/read-tables.ts'
import type { SelectOptions } from '../../store/select.ts'
import { account, accounts, paged, range, saved, table } from './table-samples.ts'

type Draw = (below: number) => number
type Where = Record<string, Record<string, unknown>>

/** Few values of each type, so that many rows have the same. */
const values = {
  text: ['', 'a', 'A', 'ab', 'ä', '\uffee', '😀', '10', '9'],
  integer: [-(2 ** 31 - 1), -1, 0, 7, 10],
  bigint: [Number.MIN_SAFE_INTEGER, -2, 0, 3, 2 ** 40],
  boolean: [false, true],
  date: ['0001-01-01', '1999-12-31', '2026-02-01'],
  timestamp: ['1969-12-31T23:59:59.999Z', '2026-02-01T00:00:00.000Z', '2026-02-01T00:00:00.001Z'],
} as const
const types = { text, integer, bigint, boolean, date, timestamp }
type Type = keyof typeof types
const typeNames = Object.keys(types) as readonly Type[]

/** Tables of each case, and pages of each table. */
const tableRounds = 6
const selectRounds = 12

export async function randomSelections(tables: ReadTables): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const draw = draws(seed)
  for (let round = 0; round < tableRounds; round++) {
    const { definition, rows } = randomTable(draw, round)
    await tables.open(definition)
    await saved(tables, { table: definition, upserts: rows, to: 1 })
    for (let each = 0; each < selectRounds; each++) {
      const where = randomWhere(draw, definition.columns)
      const { orderBy, order } = randomOrder(draw, definition)
      const limit = 1 + draw(rows.length + 2)
      const asked = { where, orderBy, limit } as SelectOptions & { limit: number }
      const expected = rows.filter((row) => meets(row, where)).sort((a, b) => compareRows(order, a, b))
      const message = `seed ${seed}, table ${round}: ${JSON.stringify(asked)}`
      assert.deepEqual(await paged(tables, definition, asked), expected, message)
    }
  }
}

/** Other rows come, go and move over the place of the cursor between two pages; the row of the cursor is among them. */
export async function changingPages(tables: ReadTables): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const draw = draws(seed)
  await tables.open(accounts)
  const firm = range(1, 40).map((n) => account(`firm-${n}`, draw(8)))
  const moving = () => range(1, 40).map((n) => account(`loose-${n}`, draw(8)))
  await saved(tables, { table: accounts, upserts: [...firm, ...moving()], to: 1 })
  let position = 1
  for (const orderBy of ['balance', { balance: 'desc' }, [{ balance: 'desc' }, 'account_id']] as const) {
    const seen: unknown[] = []
    for (let page: readonly Row[] = [], isFirst = true; isFirst || page.length > 0; isFirst = false) {
      page = await tables.select(accounts, { orderBy, limit: 5, after: page.at(-1) })
      seen.push(...page.map(({ account_id }) => account_id).filter((id) => String(id).startsWith('firm')))
      const [removed, written] = [moving().filter(() => draw(3) === 0), moving()]
      const gone = new Set(removed.map(({ account_id }) => account_id))
      await saved(tables, {
        table: accounts,
        upserts: written.filter(({ account_id }) => !gone.has(account_id)),
        removals: removed.map(({ account_id }) => ({ account_id })),
        from: position,
        to: ++position,
      })
    }
    const order: Order = [['balance', orderBy === 'balance' ? 1 : -1]]
    order.push(['account_id', Array.isArray(orderBy) ? 1 : order[0]![1]])
    const expected = firm.toSorted((a, b) => compareRows(order, a, b)).map(({ account_id }) => account_id)
    assert.deepEqual(seen, expected, `seed ${seed}: ${JSON.stringify(orderBy)}`)
  }
}

function randomTable(draw: Draw, round: number) {
  const columns: Record<string, Columns[string]> = { k0: types[anyOf(draw, typeNames)]().key(), k1: integer().key() }
  for (let index = 0; index < 1 + draw(4); index++) {
    const column = types[anyOf(draw, typeNames)]()
    columns[`c${index}`] = draw(2) === 0 ? column : draw(2) === 0 ? column.nullable() : column.nullable().index()
  }
  const definition = table(`random_${round}`, columns)
  const rows = range(1, draw(40)).map((k1): Row => {
    const filled = Object.entries(columns).map(([name, { type, isNullable }]) => {
      const value = isNullable && draw(3) === 0 ? null : anyOf<unknown>(draw, values[type as Type])
      return [name, name === 'k1' ? k1 : value]
    })
    return Object.fromEntries(filled)
  })
  return { definition, rows }
}

function randomWhere(draw: Draw, columns: Columns): Where {
  const where: Where = {}
  for (const [name, { type, isNullable }] of Object.entries(columns)) {
    if (draw(3) > 0) continue
    const value = (canBeNull: boolean) =>
      canBeNull && isNullable && draw(4) === 0 ? null : anyOf<unknown>(draw, values[type as Type])
    const operators = type === 'boolean' ? ['eq', 'ne'] : ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'in', 'notIn']
    const conditions: Record<string, unknown> = {}
    for (let index = 0; index < 1 + draw(2); index++) {
      const operator = anyOf(draw, operators)
      if (operator === 'in' || operator === 'notIn') conditions[operator] = range(1, draw(5)).map(() => value(true))
      else conditions[operator] = value(operator === 'eq' || operator === 'ne')
    }
    where[name] = conditions
  }
  return where
}

/** Columns with 1 for ascending and -1 for descending. */
type Order = [column: string, sign: 1 | -1][]

function randomOrder(draw: Draw, { columns, key }: { columns: Columns; key: readonly string[] }) {
  const order: Order = Object.keys(columns)
    .map((name) => ({ name, at: draw(1_000) }))
    .sort((a, b) => a.at - b.at)
    .slice(0, draw(4))
    .map(({ name }) => [name, draw(2) === 0 ? 1 : -1])
  const orderBy = order.map(([name, sign]) =>
    sign === 1 && draw(2) === 0 ? name : { [name]: sign === 1 ? 'asc' : 'desc' },
  )
  const sign = order.at(-1)?.[1] ?? 1
  for (const name of key) if (order.every(([column]) => column !== name)) order.push([name, sign])
  return { orderBy: orderBy.length === 1 ? orderBy[0] : orderBy, order }
}

function meets(row: Row, where: Where): boolean {
  return Object.entries(where).every(([name, conditions]) =>
    Object.entries(conditions).every(([operator, given]) => {
      const value = row[name]
      if (operator === 'eq') return value === given
      if (operator === 'ne') return value !== given
      if (operator === 'in') return (given as readonly unknown[]).some((each) => each === value)
      if (operator === 'notIn') return (given as readonly unknown[]).every((each) => each !== value)
      if (value === null) return false
      const compared = compareValues(value, given)
      if (operator === 'lt') return compared < 0
      if (operator === 'lte') return compared < 1
      return operator === 'gt' ? compared > 0 : compared > -1
    }),
  )
}

function compareRows(order: Order, a: Row, b: Row): number {
  for (const [name, sign] of order) {
    const compared = compareValues(a[name], b[name])
    if (compared !== 0) return sign * compared
  }
  return 0
}

/** -1, 0 or 1. The bytes of UTF-8 are in the order of code points. */
function compareValues(a: unknown, b: unknown): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
  return Math.sign(Number(a) - Number(b))
}

function anyOf<Item>(draw: Draw, items: readonly Item[]): Item {
  return items[draw(items.length)]!
}

/** Mulberry32 (public domain), as a failing case is repeated with the seed that it names. */
function draws(seed: number): Draw {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
