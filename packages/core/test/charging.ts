// A shop whose sagas take money through a payment service, for tests of activities.
import {
  activity,
  defineSystem,
  event,
  IndelibleError,
  policy,
  type RunningSystem,
  refusal,
  type ServiceConnection,
  type ServiceRequest,
  type ServiceResponse,
  type SystemOptions,
  saga,
  startSystem,
} from 'indelible'
import { memoryConsumers, memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { fakeService, manualClock } from 'indelible/testing'
import { expect, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, Sign, Signed, Tear, Withdraw, Write } from './notebook.ts'

export const patience = { timeoutMs: 20_000 }
export const Charged = event('Charged', z.object({ charge: z.string(), cents: z.int() }))
export const Refunded = event('Refunded', z.object({ charge: z.string() }))
export const Mailed = event('Mailed', z.object({}))
export const Declined = refusal('Declined', z.object({ limit: z.int() }))

/** With a giving up of its own, if a test needs one. */
export const chargeWith = (
  parts: { readonly giveUp?: `DELETE /${string}`; readonly givenUpBy?: readonly number[] } = {},
) =>
  activity('Charge', {
    service: 'payments',
    input: z.object({ cents: z.int().positive(), region: z.string().default('eu') }),
    call: 'POST /accounts/{id}/charges',
    emits: Charged,
    refuses: { 402: Declined, 404: 'NoAccount' },
    giveUp: 'DELETE /charges/{idempotencyKey}',
    ...parts,
  })
export const Charge = chargeWith()
export const Refund = activity('Refund', {
  service: 'payments',
  input: z.object({ charge: z.string() }),
  call: 'DELETE /charges/{charge}/money',
  emits: Refunded,
  refuses: { 423: 'AccountFrozen' },
})
export const Mail = activity('Mail', {
  service: 'mails',
  input: z.object({ to: z.string() }),
  call: 'POST /mails',
  emits: Mailed,
})

/** Writes a word, takes money, and writes the charge. A last word that is refused takes the money back. */
export const buyingWith = (charge = Charge, centsOf = (limit: number) => limit) =>
  saga('buying', { startsOn: Asked, owner: 'sales', from: 'beginning' })
    .step('write', {
      command: Write,
      to: () => 'a',
      input: () => ({ word: 'first' }),
      compensate: { command: Tear, to: () => 'a', input: () => ({ word: 'first' }) },
    })
    .step('charge', {
      command: charge,
      to: () => 'ann',
      input: ({ limit }) => ({ cents: centsOf(limit) }),
      answer: ([charged]) => charged!.data.charge,
      compensate: { command: Refund, to: () => 'ann', input: (_data, { answers }) => ({ charge: answers.charge }) },
      timeout: '1m',
    })
    .step('last', {
      command: Write,
      to: () => 'a',
      input: ({ words }, { answers }) => ({ word: words[0] ?? answers.charge }),
      compensate: 'nothing',
    })
export const buying = buyingWith()
export const mailing = policy('mailing', { sends: [Mail] }).on(Signed, ({ by }) => Mail(by, { to: by }))

export const shopWith = (charge = Charge, saga = buyingWith(charge)) =>
  defineSystem({
    name: 'shop',
    commands: [Write, Tear, Ask, Sign, Withdraw],
    activities: [charge, Refund, Mail],
    sagas: [saga],
    policies: [mailing],
  })
export const system = shopWith(Charge, buying)

/**
 * A payment service with one account: what it did, by charge. `before` answers in its place, or loses the request. A forgetful one does not remember what
 * it gave up.
 */
export function payments(
  before: (request: ServiceRequest) => ServiceResponse | undefined | Promise<undefined> = () => undefined,
  { isForgetful = false } = {},
) {
  const charges = new Map<string, { cents: number; isRefunded: boolean; key: string }>()
  const gone = new Set<string>()
  const service = fakeService(async (request): Promise<ServiceResponse> => {
    const early = await before(request)
    if (early) return early
    const { method, path, body, idempotencyKey: key } = request
    const [, , which, last] = path.split('/')
    if (method === 'POST') {
      if (gone.has(key)) return { status: 410, body: {} }
      const charge = `ch${charges.size + 1}`
      const { cents } = body as { cents: number }
      charges.set(charge, { cents, isRefunded: false, key })
      return { status: 201, body: { charge, cents } }
    }
    if (last === 'money') {
      charges.get(which!)!.isRefunded = true
      return { status: 200, body: { charge: which } }
    }
    const done = [...charges.values()].some((each) => each.key === decodeURIComponent(which!))
    if (!done && !isForgetful) gone.add(decodeURIComponent(which!))
    return { status: done ? 409 : 204, body: undefined }
  })
  return { service, charges }
}

export function shop(service: ServiceConnection, parts: Partial<SystemOptions> = {}, of = system) {
  const clock = manualClock()
  const mails = fakeService(() => ({ status: 202, body: undefined }))
  const running = startSystem(of, {
    store: memoryStore(),
    tables: memoryTables(),
    snapshots: memorySnapshots(),
    consumers: memoryConsumers(),
    clock,
    services: { payments: service, mails },
    ...parts,
  })
  onTestFinished(() => running.close())
  return { running, clock, mails }
}

export const ask = (words: readonly string[] = []) => Ask('1', { words: [...words] })
export const lost = () => new IndelibleError('remote_unavailable', 'The answer was lost.')

export async function ended(running: RunningSystem) {
  return await running.waitForSaga(buying, '1', patience)
}

export async function recorded(running: RunningSystem, ...types: readonly string[]) {
  const batches = await Array.fromAsync(running.store.read([{ types }]))
  return batches.flatMap(({ events }) => events)
}

export const patient = { timeout: 20_000, interval: 2 }

/** Resolves when the saga has ended, while time passes in steps. */
export async function endedAfter({ running, clock }: ReturnType<typeof shop>, stepMs = 10_000) {
  return await vi.waitFor(async () => {
    clock.advance(stepMs)
    const view = await running.saga(buying, '1')
    expect(view?.status).toMatch(/^comp\w+ed$/)
    return view!
  }, patient)
}

/** What needs a person, when something does. */
export async function problemsOf(running: RunningSystem): Promise<readonly string[]> {
  return await vi.waitFor(async () => {
    const status = await running.consumers.show(buying)
    const problems = 'needsIntervention' in status ? status.needsIntervention.map(({ problem }) => problem) : []
    expect(problems).not.toEqual([])
    return problems
  }, patient)
}
