// A system with data of two customers, for tests of access: whatever has "secret" in it is personal, and "ann" and "bob" must not see each other.
import {
  type AccessOptions,
  aggregate,
  defineSystem,
  event,
  integer,
  projection,
  refuse,
  saga,
  startSystem,
  text,
} from 'indelible'
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
export async function openVault(access: AccessOptions | undefined = vaultAccess) {
  const running = startSystem(vault, access ? { access, audit: { reads: true } } : {})
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
