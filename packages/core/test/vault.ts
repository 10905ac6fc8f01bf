// A system with data of two customers, for tests of access: whatever has "secret" in it is personal, and "ann" and "bob" must not see each other.
import {
  type AccessOptions,
  aggregate,
  defineSystem,
  event,
  integer,
  projection,
  refuse,
  type StartOptions,
  saga,
  startSystem,
  text,
} from 'indelible'
import type { OperationName, Principal } from 'indelible/operations'
import { onTestFinished } from 'vitest'
import { z } from 'zod'

const AccountOpened = event('AccountOpened', z.object({ owner: z.object({ name: z.string(), taxId: z.string() }) }), {
  personal: ['owner'],
})
const Deposited = event('Deposited', z.object({ amount: z.int(), note: z.string().optional() }))
const account = aggregate('account', { initialState: { balance: 0, holder: '' } })
  .on(AccountOpened, (state, { owner }) => ({ ...state, holder: owner.name }))
  .on(Deposited, (state, { amount }) => ({ ...state, balance: state.balance + amount }))
export const Open = account.command('Open', {
  input: AccountOpened.schema,
  emits: [AccountOpened],
  decide: (_, input) => AccountOpened(input),
})
export const Deposit = account.command('Deposit', {
  input: Deposited.schema,
  emits: [Deposited],
  refuses: ['NotOpen'],
  decide: ({ holder }, input) => (holder === '' ? refuse('NotOpen') : Deposited(input)),
})
const check = saga('check', { startsOn: Deposited }).ask('large', {
  owner: () => 'tellers',
  question: ({ amount }) => `Are ${amount} right?`,
  decision: z.object({ isRight: z.boolean() }),
  within: 'forever',
})
const accounts = projection('accounts', {
  table: { account_id: text().key(), holder: text(), balance: integer() },
})
  .write(AccountOpened, ({ owner }, { streamId }) => ({ account_id: streamId, holder: owner.name, balance: 0 }))
  .on(Deposited, (row, { amount }) => ({ ...row, balance: row.balance + amount }))

export const vault = defineSystem({
  name: 'vault',
  commands: [Open, Deposit],
  projections: [accounts],
  sagas: [check],
})

export const vaultAccess: AccessOptions = {
  grants: [
    { role: 'customer', may: 'send', commands: ['account.Deposit'], where: { id: { attribute: 'account' } } },
    { role: 'customer', may: 'read', streams: ['account'], where: { id: { attribute: 'account' } }, personal: true },
    { role: 'customer', may: 'read', tables: ['accounts'], where: { account_id: { attribute: 'account' } } },
    { role: 'customer', may: 'read', sagas: ['check'], where: { id: { attribute: 'account' } } },
    { role: 'analyst', may: 'read', events: ['Deposited', 'AccountOpened'] },
    { role: 'analyst', may: 'read', streams: ['account'], states: ['balance'], except: ['note'] },
    { role: 'analyst', may: 'read', tables: ['accounts'], columns: ['account_id', 'balance'] },
    { role: 'teller', may: 'send', commands: ['account.*'] },
    { role: 'teller', may: 'read', streams: ['*'], personal: true },
    { role: 'teller', may: 'read', tables: ['*'] },
    { role: 'teller', may: 'read', sagas: ['*'] },
    { role: 'teller', may: 'decide', sagas: ['check'] },
    { role: 'operator', may: 'operate' },
    { role: 'auditor', may: 'audit' },
    { role: 'partner', may: 'claim' },
    { role: 'admin', may: 'administer' },
    { role: 'owner', may: 'everything' },
    { principal: 'carol', may: 'send', commands: ['account.Deposit'], where: { 'input.amount': [1, 2, 3] } },
  ],
}

/** With the accounts of ann and bob, each with a deposit, and a saga for each. */
export async function openVault(access: AccessOptions | undefined = vaultAccess, options: StartOptions = {}) {
  const running = startSystem(vault, access ? { access, audit: { reads: true }, ...options } : {})
  onTestFinished(() => running.close())
  for (const name of ['ann', 'bob']) {
    const owner = { name: `${name} secret`, taxId: `${name} secret number` }
    await running.send(Open(name, { owner }), { actor: name })
    await running.send(Deposit(name, { amount: 10, note: `${name} note` }), { actor: name, commandId: `first-${name}` })
    await running.waitForSaga(check, name, { timeoutMs: 0 }).catch(() => {})
  }
  await running.waitFor(accounts, (await running.store.head()).position)
  return running
}

/** The kinds of principals. */
export const principals = {
  nobody: {},
  stranger: { actor: 'eve', roles: ['unheard of'] },
  customer: { actor: 'ann', roles: ['customer'], attributes: { account: 'ann' } },
  otherCustomer: { actor: 'bob', roles: ['customer'], attributes: { account: ['bob', 'bobs-savings'] } },
  lostCustomer: { actor: 'dan', roles: ['customer'] },
  analyst: { actor: 'amy', roles: ['analyst'] },
  teller: { actor: 'tom', roles: ['teller'] },
  operator: { actor: 'olga', roles: ['operator'] },
  auditor: { actor: 'alan', roles: ['auditor'] },
  partner: { actor: 'bank-b', roles: ['partner'] },
  admin: { actor: 'root', roles: ['admin'] },
  owner: { actor: 'olaf', roles: ['owner'] },
} satisfies Readonly<Record<string, Principal>>
export type Who = keyof typeof principals

/** Calls about ann. Whoever is not in the list must be refused. An operation without a row fails the tests. */
export const matrix: Readonly<Record<OperationName, { input: object; allowed: readonly Who[] }>> = {
  sendCommand: row({ category: 'account', id: 'ann', command: 'Deposit', input: { amount: 5 } }, 'customer', 'teller'),
  scheduleCommand: row(
    { category: 'account', id: 'ann', command: 'Deposit', input: { amount: 5 }, in: '1d' },
    'customer',
    'teller',
  ),
  findCommand: row({ commandId: 'first-ann' }, ...known()),
  claimCommand: row({ commandId: 'later', reason: 'late', details: {} }, 'partner'),
  aggregateState: row({ category: 'account', id: 'ann' }, 'customer', 'analyst', 'teller'),
  diffAggregate: row({ category: 'account', id: 'ann', from: 'version:1' }, 'customer', 'teller'),
  aggregateHistory: row({ category: 'account', id: 'ann' }, 'customer', 'teller'),
  blameAggregate: row({ category: 'account', id: 'ann' }, 'customer', 'teller'),
  replayDecisions: row({}, 'auditor'),
  whatIf: row({ past: { without: [2] } }, 'auditor'),
  auditTrail: row({}, 'auditor'),
  causation: row({ correlationId: 'first-ann' }, 'auditor'),
  readStream: row({ stream: 'account-ann' }, 'customer', 'analyst', 'teller'),
  readFeed: row(
    { types: ['Deposited', 'AccountOpened'], after: 0 },
    'customer',
    'otherCustomer',
    'lostCustomer',
    'analyst',
    'teller',
  ),
  followEvents: row({ after: 0 }, 'customer', 'otherCustomer', 'lostCustomer', 'analyst', 'teller'),
  followStream: row({ stream: 'account-ann' }, 'customer', 'analyst', 'teller'),
  followRows: row({ name: 'accounts' }, 'customer', 'otherCustomer', 'analyst', 'teller'),
  followSaga: row({ name: 'check', id: 'ann' }, 'customer', 'teller'),
  followHealth: row({}, 'operator'),
  listEventTypes: row({}, ...known()),
  showEventType: row({ type: 'Deposited' }, ...known()),
  eventSchema: row({ type: 'Deposited' }, ...known()),
  selectRows: row({ name: 'accounts' }, 'customer', 'otherCustomer', 'analyst', 'teller'),
  diffTable: row({ name: 'accounts', from: 'position:1' }, 'teller'),
  rowHistory: row({ name: 'accounts', key: { account_id: 'ann' } }, 'customer', 'teller'),
  blameRow: row({ name: 'accounts', key: { account_id: 'ann' } }, 'customer', 'teller'),
  listProjections: row({}, 'operator'),
  showProjection: row({ name: 'accounts' }, 'operator'),
  rebuildProjection: row({ name: 'accounts' }, 'operator'),
  verifyProjection: row({ name: 'accounts' }, 'operator'),
  dropPreviousTable: row({ name: 'accounts' }, 'operator'),
  keepPastTable: row({ name: 'accounts', position: 1 }, 'operator'),
  dropPastTable: row({ name: 'accounts' }, 'operator'),
  listSagas: row({}, 'customer', 'otherCustomer', 'lostCustomer', 'teller'),
  showSaga: row({ name: 'check', id: 'ann' }, 'customer', 'teller'),
  sagaHistory: row({ name: 'check', id: 'ann' }, 'customer', 'teller'),
  resumeSaga: row({ name: 'check', id: 'ann' }, 'operator'),
  cancelSaga: row({ name: 'check', id: 'ann', reason: 'fraud' }, 'operator'),
  decideSaga: row({ name: 'check', id: 'ann', step: 'large', decision: { isRight: true } }, 'teller'),
  listSchedules: row({}, 'operator'),
  showSchedule: row({ scheduleId: 's1' }, 'operator'),
  cancelSchedule: row({ scheduleId: 's1', reason: 'no' }, 'operator'),
  listConsumers: row({}, 'operator'),
  showConsumer: row({ name: 'accounts' }, 'operator'),
  pauseConsumer: row({ name: 'accounts' }, 'operator'),
  resumeConsumer: row({ name: 'accounts' }, 'operator'),
  proveEvent: row({ position: 1 }, 'auditor'),
  proveStream: row({ stream: 'account-ann' }, 'auditor'),
  proveConsistency: row({ from: 1 }, 'auditor'),
  latestCheckpoint: row({}, 'auditor'),
  rotateProofKey: row({}, 'admin'),
  issueKey: row({ principal: { actor: 'ann' } }, 'admin'),
  listKeys: row({}, 'admin'),
  revokeKey: row({ keyId: 'k', reason: 'lost' }, 'admin'),
  createTenant: row({ tenant: 'acme' }, 'admin'),
  listTenants: row({}, 'admin'),
  health: row({}, 'operator'),
}

function row(input: object, ...allowed: readonly Who[]) {
  return { input, allowed: [...allowed, 'owner' as const] }
}

/** Whoever has any grant. */
function known(): readonly Who[] {
  return (Object.keys(principals) as Who[]).filter((who) => who !== 'nobody' && who !== 'stranger')
}
