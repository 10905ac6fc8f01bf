// A query of Drizzle, typed from the projection.
import assert from 'node:assert/strict'
import { drizzleTable } from '@indelible/postgres/drizzle'
import { gt } from 'drizzle-orm'
import { QueryBuilder } from 'drizzle-orm/pg-core'
import { turnover } from './shop.ts'

const table = drizzleTable(turnover)
const { sql, params } = new QueryBuilder().select().from(table).where(gt(table.total, 1)).toSQL()
assert.match(sql, /^select "customer", "total" from "turnover" where/)
assert.deepEqual(params, [1])
console.log('drizzle ok')
