// The audit trail: who did what, when and why, also where nothing was carried out.
import {
  aggregate,
  command,
  defineSystem,
  event,
  isIndelibleError,
  refusal,
  type StartOptions,
  startSystem,
} from 'indelible'
import { type AuditPage, auditPage, auditTrail } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { operations } from 'indelible/operations'
import { expect, test } from 'vitest'
import { z } from 'zod'

const Deposited = event('Deposited', z.object({ amount: z.number() }))
const Withdrawn = event('Withdrawn', z.object({ amount: z.number() }))
const account = aggregate('account', { initialState: { balance: 0 } })
  .on(Deposited, ({ balance }, { amount }) => ({ balance: balance + amount }))
  .on(Withdrawn, ({ balance }, { amount }) => ({ balance: balance - amount }))
const TooLittle = refusal('TooLittle', z.object({ balance: z.number(), note: z.string() }))
const Deposit = account.command('Deposit', {
  input: Deposited.schema,
  emits: [Deposited],
  decide: (_state, data) => [Deposited(data), Deposited({ amount: 0 })],
})
const Withdraw = account.command('Withdraw', {
  input: z.object({ amount: z.number(), note: z.string().default('') }),
  emits: [Withdrawn],
  refuses: [TooLittle],
  decide: ({ balance }, { amount, note }) => (balance < amount ? TooLittle({ balance, note }) : Withdrawn({ amount })),
})
const system = defineSystem({ name: 'audited', commands: [Deposit, Withdraw] })

/** Closes the system, so that everything is appended, and gives the whole trail. */
async function trailAfter(options: StartOptions, work: (running: ReturnType<typeof startSystem>) => Promise<void>) {
  const store = memoryStore()
  const kept = { ...store, close: async () => {} } as typeof store
  const running = startSystem(system, {
    ...options,
    store: Object.assign(Object.create(store), { close: async () => {} }),
  })
  await work(running)
  await running.close()
  return { store, entries: await Array.fromAsync(auditTrail(store)), kept }
}

test('a command, its refusal and a conflict are told with who, why and why not', async () => {
  const { entries, store } = await trailAfter({ audit: { refusals: true } }, async (running) => {
    const by = { actor: 'ann', correlationId: 'visit', causationId: 'ring', metadata: { reason: 'rent' } }
    await running.send(Deposit('1', { amount: 10 }), by)
    const refused = await running.send(Withdraw('1', { amount: 20, note: 'x' }), { ...by, commandId: 'w' })
    expect(refused.status).toBe('refused')
    const conflict = await running.send(Withdraw('1', { amount: 1 }), { expectedVersion: 1 })
    expect(conflict.status).toBe('conflict')
  })
  const by = { actor: 'ann', reason: 'rent', correlationId: 'visit', causationId: 'ring', stream: 'account-1' }
  expect(entries).toMatchObject([
    { ...by, outcome: 'accepted', action: 'Deposit', version: 1, position: 1 },
    {
      ...by,
      outcome: 'refused',
      action: 'Withdraw',
      version: 2,
      code: 'TooLittle',
      details: { balance: 10, note: 'x' },
      commandId: 'w',
      input: { amount: 20, note: 'x' },
    },
    { outcome: 'conflict', action: 'Withdraw', version: 2, code: 'expected_version', details: { expectedVersion: 1 } },
  ])
  expect(await pageOf(store, { code: 'TooLittle' })).toHaveLength(1)
})

async function pageOf(store: Parameters<typeof auditPage>[0], options: Parameters<typeof auditPage>[1]) {
  return (await auditPage(store, options)).entries
}
void [command, isIndelibleError, operations]

export type { AuditPage }
