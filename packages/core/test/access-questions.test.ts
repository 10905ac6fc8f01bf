// What is left out of an answer must not be found out by the question either.
import { aggregate, defineSystem, event, startSystem } from 'indelible'
import { operations } from 'indelible/operations'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { openVault } from './vault.ts'

test('conditions and order by a column need a grant that shows it for the rows that are seen', async () => {
  const running = await openVault({
    grants: [
      { role: 'customer', may: 'read', tables: ['accounts'], columns: ['account_id', 'balance'] },
      { role: 'customer', may: 'read', tables: ['accounts'], where: { account_id: { attribute: 'account' } } },
    ],
  })
  const call = { principal: { actor: 'ann', roles: ['customer'], attributes: { account: 'ann' } } }
  const idsOf = async (asked: object) => {
    const { rows } = await operations.selectRows.run(running, { name: 'accounts', ...asked }, call)
    return rows.map(({ account_id }) => account_id)
  }
  expect(await idsOf({})).toEqual(['ann', 'bob'])
  expect(await idsOf({ where: { holder: { gte: 'a' } } })).toEqual(['ann'])
  expect(await idsOf({ orderBy: ['-holder'] })).toEqual(['ann'])
  const feed = await operations.followRows.run(running, { name: 'accounts', where: { holder: { gte: 'a' } } }, call)
  const told: unknown[] = []
  for await (const batch of feed) {
    told.push(...batch.filter(({ kind }) => kind === 'row').map(({ data }) => (data as { key: unknown }).key))
    if (batch.some(({ kind }) => kind === 'caught-up')) break
  }
  expect(told).toEqual([{ account_id: 'ann' }])
})

test('a tag that is left out selects no events', async () => {
  const Opened = event('Opened', z.object({ owner: z.string(), country: z.string() }), {
    personal: ['owner'],
    tags: { owner: 'owner', country: 'country' },
  })
  const account = aggregate('account', { initialState: {} }).on(Opened, (state) => state)
  const Open = account.command('Open', { input: Opened.schema, emits: [Opened], decide: (_, data) => Opened(data) })
  const running = startSystem(defineSystem({ name: 'bank', commands: [Open] }), {
    access: {
      grants: [
        { role: 'analyst', may: 'read', events: ['Opened'] },
        { role: 'teller', may: 'read', events: ['Opened'], personal: true },
      ],
    },
  })
  onTestFinished(() => running.close())
  await running.send(Open('a1', { owner: 'Ann', country: 'FR' }))
  const seenBy = async (role: string, tag: string) => {
    const call = { principal: { actor: role, roles: [role] } }
    const feed = await operations.followEvents.run(running, { tags: [tag], after: 0 }, call)
    const kinds: string[] = []
    for await (const batch of feed) {
      kinds.push(...batch.map(({ kind }) => kind))
      if (kinds.includes('caught-up')) break
    }
    return kinds
  }
  expect(await seenBy('teller', 'owner:Ann')).toEqual(['event', 'caught-up'])
  expect(await seenBy('analyst', 'owner:Ann')).toEqual(['caught-up'])
  expect(await seenBy('analyst', 'owner:Bob')).toEqual(['caught-up'])
})
