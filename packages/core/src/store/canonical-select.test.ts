import { expect, test } from 'vitest'
import { boolean, integer, json, text, timestamp } from '../kernel/tables.ts'
import { canonicalSelect } from './canonical-select.ts'
import { type SelectOptions, selectConditionsMax, selectLimitDefault } from './select.ts'

const columns = {
  shop: text().key(),
  id: integer().key(),
  ok: boolean(),
  at: timestamp().nullable(),
  doc: json(),
}
const table = { name: 't', columns, key: ['shop', 'id'], fingerprint: '', code: '' }

test('conditions, order and place get one canonical form', () => {
  const asked = {
    where: { ok: true, at: { gte: '2026-01-01T00:00:00+01:00', ne: null }, id: { in: [1, -0] } },
    orderBy: { at: 'desc' },
    after: { at: '2026-01-01', shop: 'a', id: 1 },
    limit: 5,
  } as const
  expect(canonicalSelect(table, { ...asked, after: { ...asked.after, at: null, ok: true } })).toEqual({
    where: [
      { column: 'ok', operator: 'eq', value: true },
      { column: 'at', operator: 'gte', value: '2025-12-31T23:00:00.000Z' },
      { column: 'at', operator: 'ne', value: null },
      { column: 'id', operator: 'in', values: [1, 0] },
    ],
    order: [
      { column: 'at', direction: 'desc' },
      { column: 'shop', direction: 'desc' },
      { column: 'id', direction: 'desc' },
    ],
    after: { at: null, shop: 'a', id: 1 },
    limit: 5,
  })
  const byKey = ['shop', 'id'].map((column) => ({ column, direction: 'asc' }))
  expect(canonicalSelect(table, {})).toEqual({ where: [], order: byKey, after: undefined, limit: selectLimitDefault })
})

test('an order ends with the key, because later columns cannot change it', () => {
  const { order } = canonicalSelect(table, { orderBy: ['id', { at: 'desc' }, 'shop', 'ok'] })
  expect(order.map(({ column }) => column)).toEqual(['id', 'at', 'shop'])
})

test.each<[SelectOptions, string, object]>([
  [{ where: { nope: 1 } }, 'where.nope: there is no such column.', { option: 'where', column: 'nope' }],
  [
    { where: { id: { like: 1 } } },
    'where.id.like: there is no operator "like" for integer, only eq, ne, lt, lte, gt, gte, in, notIn.',
    { option: 'where', column: 'id', operator: 'like' },
  ],
  [
    { where: { ok: { lt: true } } },
    'where.ok.lt: there is no operator "lt" for boolean, only eq, ne.',
    { option: 'where', column: 'ok', operator: 'lt' },
  ],
  [
    { where: { doc: null } },
    'where.doc.eq: json can be compared with null only, where the column is nullable.',
    { option: 'where', column: 'doc', operator: 'eq' },
  ],
  [
    { where: { at: { gte: null } } },
    'where.at.gte: null is not timestamp (a time such as "1993-01-31T10:00:00Z").',
    { option: 'where', column: 'at', operator: 'gte' },
  ],
  [
    { where: { at: new Date(0) } },
    'where.at.eq: "1970-01-01T00:00:00.000Z" is not timestamp or null (a time such as "1993-01-31T10:00:00Z").',
    { option: 'where', column: 'at', operator: 'eq' },
  ],
  [
    { orderBy: { id: 'asc', at: 'desc' } },
    'orderBy: {"id":"asc","at":"desc"} is neither a column nor an object with one column; several columns are a list.',
    { option: 'orderBy' },
  ],
  [{ orderBy: ['id', { id: 'desc' }] }, 'orderBy.id: the column is given twice.', { option: 'orderBy', column: 'id' }],
  [
    { after: { shop: 'a' } },
    'after.id: there is no integer (a whole number of 32 bits).',
    { option: 'after', column: 'id' },
  ],
  [{ limit: -1 }, 'limit: a limit is a whole number from 0 on, not -1.', { option: 'limit' }],
])('of %j the message says what is wrong and what would be right', (options, problem, details) => {
  expect(() => canonicalSelect(table, options)).toThrow(
    expect.objectContaining({
      code: 'invalid_select',
      message: `Table "t", ${problem}`,
      details: { table: 't', ...details },
    }),
  )
})

test('the number of conditions is limited', () => {
  const names = Array.from({ length: selectConditionsMax + 1 }, (_, n) => `c${n}`)
  const wide = { ...table, columns: Object.fromEntries(names.map((name) => [name, text()])), key: ['c0'] }
  const where = (count: number) => Object.fromEntries(names.slice(0, count).map((name) => [name, 'x']))
  expect(canonicalSelect(wide, { where: where(selectConditionsMax) }).where).toHaveLength(selectConditionsMax)
  expect(() => canonicalSelect(wide, { where: where(selectConditionsMax + 1) })).toThrow(
    `Table "t", where: there are more than ${selectConditionsMax} conditions.`,
  )
})
