// The client against a server that knows who asks: tokens that expire, and what grants deny.
import { client } from '@indelible/client'
import { identity } from '@indelible/server'
import { expect, test } from 'vitest'
import type { bank } from '../../../examples/bank/bank.ts'
import { bankInMemory } from '../../../examples/bank/test/bank-in-memory.ts'
import { servedUrl } from './served.ts'

/** `valid` says which token is valid now. */
async function guarded(valid: () => string) {
  const running = bankInMemory({
    access: { grants: [{ role: 'teller', may: 'send', commands: ['account.OpenAccount'] }] },
  })
  const teller = identity('badge', async ({ headers }) =>
    headers.get('Authorization') === `Bearer ${valid()}`
      ? { actor: 'ann', roles: ['teller'] }
      : { refused: 'It is no badge of today.' },
  )
  return { running, url: await servedUrl(running, { identities: [teller], onNotice: () => {} }) }
}

test('a token that expired is asked for again, and the command is carried out in the name of the token', async () => {
  const { running, url } = await guarded(() => 'new')
  const tokens = ['old', 'new']
  const api = client<typeof bank>({ url, token: () => tokens.shift()! })
  const outcome = await api.aggregate('account', 'ben').send('OpenAccount', { owner: 'Ben' }, { commandId: 'c' })
  expect(outcome.status).toBe('accepted')
  const found = await running.findCommand('c')
  expect(found.status === 'carriedOut' && found.events[0]!.metadata.actor).toBe('ann')
})

test('what grants deny, and who is not known, are errors with their codes', async () => {
  const { url } = await guarded(() => 'new')
  const known = client<typeof bank>({ url, token: 'new' }).aggregate('account', 'ben')
  await expect(known.send('DepositFunds', { amount: 5 })).rejects.toMatchObject({ code: 'access_denied', status: 403 })
  await expect(known.state()).rejects.toMatchObject({ code: 'access_denied' })
  const unknown = client<typeof bank>({ url, token: 'old' }).aggregate('account', 'ben')
  await expect(unknown.state()).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
})
