// What everybody else gets of `GET /openapi.json`: a client that a well-known generator makes of it is type-checked, and asks the bank over real HTTP.
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { serve } from '@indelible/server'
import openapiTs, { astToString } from 'openapi-typescript'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bankInMemory } from '../../examples/bank/test/bank-in-memory.ts'

const dir = join(import.meta.dirname, '.generated')
const running = bankInMemory()
let server: Awaited<ReturnType<typeof serve>>

/** As its users would write it. Whatever the generator did not understand of the document does not compile here. */
const program = `
import createClient from 'openapi-fetch'
import type { paths } from './bank.ts'

// The streams have a live form too, which this client does not read.
const api = createClient<paths, 'application/json' | 'application/problem+json'>({ baseUrl: process.argv[2]! })
const path = { id: 'ann' }

const opened = await api.POST('/commands/account/{id}/OpenAccount', { params: { path }, body: { owner: 'Ann' } })
const paid = await api.POST('/commands/account/{id}/DepositFunds', {
  params: { path, header: { 'Idempotency-Key': 'once' } },
  body: { amount: 100, reference: 'wages' },
})
const position: number = paid.data!.position

const refused = await api.POST('/commands/account/{id}/WithdrawFunds', { params: { path }, body: { amount: 101 } })
let balance = 0
if (refused.response.status === 422 && refused.error && 'reason' in refused.error) {
  const { details } = refused.error as Extract<typeof refused.error, { reason: 'InsufficientFunds' }>
  balance = details.balance
}

const rows = await api.GET('/tables/account_balances', {
  params: { query: { where: { owner: 'Ann', status: 'open' }, orderBy: ['-balance'], waitFor: position } },
})
const row = rows.data!.rows[0]!
const amount: number = row.balance

const seen = await api.GET('/aggregates/account/{id}', { params: { path } })
const events = await api.GET('/streams/{stream}', { params: { path: { stream: 'account-ann' } } })
const types: string[] = events.data!.events.map(({ type }) => type)

const missing = await api.GET('/aggregates/account/{id}', { params: { path: { id: 'nobody' } } })
const type: string = missing.error!.type

// @ts-expect-error no such command
await api.POST('/commands/account/{id}/Deposit', { params: { path }, body: { amount: 1 } })
// @ts-expect-error an amount is a number
await api.POST('/commands/account/{id}/DepositFunds', { params: { path }, body: { amount: 'much' } })

console.log(JSON.stringify({ opened: opened.data!.version, balance, row, amount, version: seen.data!.version, types, type }))
`

beforeAll(async () => {
  server = await serve(running, { port: 0 })
  mkdirSync(dir, { recursive: true })
  // A default makes a member optional for those who send it.
  const made = await openapiTs(new URL(`${server.url}/openapi.json`), { defaultNonNullable: false, silent: true })
  writeFileSync(join(dir, 'bank.ts'), astToString(made))
  writeFileSync(join(dir, 'program.ts'), program)
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ extends: '../../../tsconfig.json', include: ['*.ts'] }))
})

afterAll(async () => {
  await server?.close()
  await running.close()
  rmSync(dir, { recursive: true, force: true })
})

test('the generated client is type-checked', () => {
  let findings = ''
  try {
    execFileSync(resolve('node_modules/.bin/tsc'), ['-p', dir], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    findings = (error as { stdout: string }).stdout
  }
  expect(findings).toBe('')
})

test('the generated client asks the bank', async () => {
  // Not synchronously: this process serves the bank.
  const { stdout } = await promisify(execFile)(process.execPath, [join(dir, 'program.ts'), server.url])
  expect(JSON.parse(stdout)).toEqual({
    opened: 1,
    balance: 100,
    row: { account_id: 'ann', owner: 'Ann', status: 'open', balance: 100 },
    amount: 100,
    version: 2,
    types: ['AccountOpened', 'FundsDeposited'],
    type: 'urn:indelible:error:aggregate_missing',
  })
})
