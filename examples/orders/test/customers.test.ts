import { decideAfter, stateAfter } from 'indelible/testing'
import { expect, test } from 'vitest'
import { ChangeEmail } from '../customers/change-email.ts'
import { customer } from '../customers/customer.ts'
import { CustomerLeft, CustomerRegistered, EmailChanged } from '../customers/events.ts'
import { Leave } from '../customers/leave.ts'
import { RegisterCustomer } from '../customers/register-customer.ts'
import { stockedShop } from './shop-in-memory.ts'

const registered = CustomerRegistered({ customer: 'ann', name: 'Ann', email: 'Ann@Example.com' })
const left = CustomerLeft({ customer: 'ann' })

test('a customer registers once', () => {
  const ann = { name: 'Ann', email: 'ann@example.com' }
  expect(decideAfter([], RegisterCustomer, ann, { id: 'ann' })).toEqual([registered])
  for (const history of [[registered], [registered, left]])
    expect(decideAfter(history, RegisterCustomer, ann)).toMatchObject({ refused: 'CustomerExists' })
})

test('an e-mail has one spelling, and can be changed only to another one', () => {
  expect(stateAfter(customer, [registered])).toEqual({ status: 'active', email: 'ann@example.com' })
  expect(decideAfter([registered], ChangeEmail, { email: 'ANN@example.com' })).toEqual([])
  const changed = EmailChanged({ email: 'a@example.com' })
  expect(decideAfter([registered], ChangeEmail, { email: 'a@example.com' })).toEqual([changed])
})

test('a name that no table can store is not recorded', () => {
  for (const name of ['a\0b', '\ud800', ''])
    expect(() => decideAfter([], RegisterCustomer, { name, email: 'ann@example.com' })).toThrow(
      expect.objectContaining({ code: 'invalid_command' }),
    )
})

test('a customer who has left is not a customer any more', () => {
  expect(decideAfter([registered], Leave, {}, { id: 'ann' })).toEqual([left])
  expect(decideAfter([registered, left], Leave, {})).toMatchObject({ refused: 'NoSuchCustomer' })
  expect(decideAfter([registered, left], ChangeEmail, { email: 'a@example.com' })).toMatchObject({
    refused: 'NoSuchCustomer',
  })
})

test('of fifty customers who claim an e-mail at the same time, one gets it', async () => {
  const shop = await stockedShop()
  const email = 'ben@example.com'
  const asked = Array.from({ length: 50 }, (_, n) => shop.send(RegisterCustomer(`c${n}`, { name: 'Ben', email })))
  const outcomes = await Promise.all(asked)
  expect(outcomes.filter(({ status }) => status === 'accepted')).toHaveLength(1)
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'refused' ? [outcome] : []))
  expect(refused).toHaveLength(49)
  for (const { reason, details } of refused)
    expect([reason, details]).toEqual(['EmailTaken', { field: 'email', value: email }])
})

test('an e-mail is free again when its customer changes it or leaves', async () => {
  const shop = await stockedShop()
  const register = (id: string) => shop.send(RegisterCustomer(id, { name: id, email: 'ben@example.com' }))
  expect(await register('ben')).toMatchObject({ status: 'accepted' })
  expect(await shop.send(ChangeEmail('ann', { email: 'ben@example.com' }))).toMatchObject({ reason: 'EmailTaken' })
  await shop.send(ChangeEmail('ben', { email: 'b@example.com' }))
  expect(await register('bob')).toMatchObject({ status: 'accepted' })
  expect(await register('bea')).toMatchObject({ reason: 'EmailTaken' })
  await shop.send(Leave('bob', {}))
  expect(await register('bea')).toMatchObject({ status: 'accepted' })
})

test('of two customers who change to the same e-mail at the same time, one gets it, and the other keeps the old one', async () => {
  const shop = await stockedShop()
  await shop.send(RegisterCustomer('ben', { name: 'Ben', email: 'ben@example.com' }))
  const email = 'us@example.com'
  const outcomes = await Promise.all(['ann', 'ben'].map((id) => shop.send(ChangeEmail(id, { email }))))
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['accepted', 'refused'])
  const kept = outcomes[0]!.status === 'refused' ? 'ann@example.com' : 'ben@example.com'
  expect(await shop.send(RegisterCustomer('c', { name: 'C', email: kept }))).toMatchObject({ reason: 'EmailTaken' })
})
