// The audit trail: who did what, when and why, also where nothing was carried out.
import { hash } from 'node:crypto'
import fc from 'fast-check'
import {
  aggregate,
  defineSystem,
  type EventStore,
  event,
  IndelibleError,
  type RunningSystem,
  refusal,
  type StartOptions,
  type SystemNotice,
  saga,
  startSystem,
} from 'indelible'
import { type AuditEntry, type AuditPageOptions, auditExaminedMax, auditPage, auditTrail } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { operations } from 'indelible/operations'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'

const money = z.object({ amount: z.number(), note: z.string().optional() })
const Deposited = event('Deposited', money)
const Withdrawn = event('Withdrawn', money)
const account = aggregate('account', { initialState: { balance: 0 } })
  .on(Deposited, ({ balance }, { amount }) => ({ balance: balance + amount }))
  .on(Withdrawn, ({ balance }, { amount }) => ({ balance: balance - amount }))
const TooLittle = refusal('TooLittle', z.object({ balance: z.number() }))
/** Two events. */
const Deposit = account.command('Deposit', {
  input: money,
  emits: [Deposited],
  decide: (_state, data) => [Deposited(data), Deposited({ amount: 0 })],
})
const Withdraw = account.command('Withdraw', {
  input: money,
  emits: [Withdrawn],
  refuses: [TooLittle],
  decide: ({ balance }, data) => (balance < data.amount ? TooLittle({ balance }) : Withdrawn(data)),
})
/** Asks whether a deposit is right, then books a cent. */
const checking = saga('checking', { startsOn: Withdrawn, owner: 'office' })
  .ask('isRight', { question: () => 'Is it right?', decision: z.boolean(), owner: () => 'office', within: 'forever' })
  .step('book', { command: Deposit, to: () => 'fees', input: () => ({ amount: 1 }), compensate: 'nothing' })
const system = defineSystem({ name: 'audited', commands: [Deposit, Withdraw], sagas: [checking] })

/** A store that the system does not close, with other methods where given. */
function storeWith(change: (store: EventStore) => Partial<EventStore> = () => ({})): EventStore {
  const store = memoryStore()
  return Object.assign(Object.create(store), { close: async () => {} }, change(store))
}

/** What the trail has after the system was closed. */
async function trailAfter(
  work: (running: RunningSystem) => Promise<void>,
  options: StartOptions = { audit: { refusals: true } },
  store = storeWith(),
): Promise<readonly AuditEntry[]> {
  const running = startSystem(system, { store, ...options })
  await work(running)
  await running.close()
  return await Array.fromAsync(auditTrail(store))
}

test('a command, its refusal and a conflict are told with who, why and why not', async () => {
  const entries = await trailAfter(async (running) => {
    const by = { actor: 'ann', correlationId: 'visit', causationId: 'ring', metadata: { reason: 'rent' } }
    await running.send(Deposit('1', { amount: 10 }), by)
    await running.send(Withdraw('1', { amount: 20 }), { ...by, commandId: 'w' })
    await running.send(Withdraw('1', { amount: 1 }), { expectedVersion: 1, commandId: 'late' })
  })
  const by = { actor: 'ann', reason: 'rent', correlationId: 'visit', causationId: 'ring', stream: 'account-1' }
  expect(entries).toMatchObject([
    { ...by, outcome: 'accepted', action: 'Deposit', version: 1, position: 1, index: 0 },
    {
      ...by,
      outcome: 'refused',
      action: 'Withdraw',
      version: 2,
      code: 'TooLittle',
      details: { balance: 10 },
      input: { amount: 20 },
      commandId: 'w',
      position: 3,
      index: 0,
    },
    {
      outcome: 'conflict',
      version: 2,
      code: 'expected_version',
      details: { expectedVersion: 1 },
      commandId: 'late',
      correlationId: 'late',
      causationId: 'late',
      position: 3,
      index: 1,
    },
  ])
})

test('a command that others overtake at each try is a conflict too', async () => {
  let others = 0
  const overtaking = storeWith((store) => ({
    async append(commit, options) {
      if (commit.expected)
        await store.append({ events: [{ stream: 'account-1', type: 'Deposited', data: { amount: others++ } }] })
      return await store.append(commit, options)
    },
  }))
  const entries = await trailAfter(
    async (running) => {
      expect((await running.send(Deposit('1', { amount: 1 }))).status).toBe('conflict')
    },
    undefined,
    overtaking,
  )
  expect(entries.at(-1)).toMatchObject({ outcome: 'conflict', code: 'overtaken', action: 'Deposit' })
  expect(entries.at(0)).toMatchObject({ outcome: 'appended', action: 'Deposited', stream: 'account-1', version: 1 })
})

test('it is off by default, and what operators do is in it always', async () => {
  const entries = await trailAfter(async (running) => {
    await running.send(Withdraw('1', { amount: 20 }))
    await operations.health.run(running, {})
    await operations.readStream.run(running, { stream: 'account-1' }).catch(() => {})
    await running.send(Deposit('1', { amount: 5 }))
    await running.send(Withdraw('1', { amount: 5 }))
    await running.consumers.pause({ name: 'checking' }, { actor: 'ann' })
    await running.consumers.resume({ name: 'checking' }, { actor: 'ben' })
    await vi.waitFor(async () =>
      expect(
        await running.decide(checking, '1', { step: 'isRight', decision: true, actor: 'eve', reason: 'seen' }),
      ).toBe(true),
    )
    await running.waitForSaga(checking, '1')
    await running.schedule(Deposit('1', { amount: 1 }), { in: '1d', id: 's', actor: 'fay' })
    await running.cancelSchedule('s', { actor: 'gil', reason: 'a mistake' })
    await running.claimCommand({ commandId: 'never', reason: 'gave up', details: {} }, { actor: 'hal' })
  }, {})
  const told = entries.map(({ outcome, action, actor, stream, reason }) => [outcome, action, actor, stream, reason])
  const operated = told.filter(([outcome]) => outcome === 'operator')
  expect(operated).toEqual([
    ['operator', '$ConsumerPaused', 'ann', '$operator-checking', undefined],
    ['operator', '$ConsumerResumed', 'ben', '$operator-checking', undefined],
    ['operator', '$PersonAnswered', 'eve', '$saga.checking-1', 'seen'],
    ['operator', '$SagaStarted', 'fay', '$schedule-s', undefined],
    ['operator', '$SagaCancelled', 'gil', '$schedule-s', 'a mistake'],
    ['operator', '$CommandClaimed', 'hal', expect.stringMatching(/^\$claim-/), 'gave up'],
  ])
  const others = told.filter(([outcome]) => outcome !== 'operator')
  expect(others.map(([outcome, action, actor]) => [outcome, action, actor])).toEqual([
    ['accepted', 'Deposit', undefined],
    ['accepted', 'Withdraw', undefined],
    ['accepted', 'Deposit', 'saga:checking'],
  ])
})

test('reads by operations are told with what was asked for and by whom; health never', async () => {
  const entries = await trailAfter(
    async (running) => {
      await running.send(Deposit('1', { amount: 5 }))
      await operations.health.run(running, {})
      const principal = { actor: 'auditor' }
      await operations.aggregateState.run(running, { category: 'account', id: '1' }, { principal })
      await operations.listConsumers.run(running, {})
      await operations.readStream.run(running, { stream: '\u0000-' }).catch(() => {})
    },
    { audit: { reads: true } },
  )
  expect(entries.slice(1)).toMatchObject([
    {
      outcome: 'read',
      action: 'aggregateState',
      stream: 'account-1',
      actor: 'auditor',
      input: { category: 'account', id: '1' },
    },
    { outcome: 'read', action: 'listConsumers' },
    { outcome: 'read', action: 'readStream', input: { stream: '\u0000-' } },
  ])
  expect(entries.at(-1)).not.toHaveProperty('stream')
})

test('a sampling records the first of so many, and the number of the others', async () => {
  const entries = await trailAfter(
    async (running) => {
      for (let n = 0; n < 25; n++) await running.send(Withdraw('1', { amount: 1 }), { commandId: `w${n}` })
    },
    { audit: { refusals: { oneIn: 10 } } },
  )
  expect(entries.filter(({ outcome }) => outcome === 'refused').map(({ commandId }) => commandId)).toEqual([
    'w0',
    'w10',
    'w20',
  ])
  expect(missing(entries)).toEqual({ sampledOut: 22, overflowed: 0, failed: 0 })
})

test.each([0, -1, 1.5, Number.NaN])('a sampling of one in %s is refused', (oneIn) => {
  expect(() => startSystem(system, { audit: { reads: { oneIn } } })).toThrow(/oneIn is .* at least 1/)
})

test('nobody waits for the trail: what does not fit into the queue is counted', async () => {
  const gate = Promise.withResolvers<void>()
  const slow = storeWith((store) => ({
    async append(commit, options) {
      if (commit.events[0]!.stream.startsWith('$audit')) await gate.promise
      return await store.append(commit, options)
    },
  }))
  const count = 12_000
  const entries = await trailAfter(
    async (running) => {
      for (let n = 0; n < count; n++) await running.send(Withdraw('1', { amount: 1 }))
      gate.resolve()
    },
    { audit: { refusals: true }, domainCode: 'trusted' },
    slow,
  )
  const refused = entries.filter(({ outcome }) => outcome === 'refused').length
  expect(refused + missing(entries).overflowed).toBe(count)
  expect(missing(entries).overflowed).toBeGreaterThan(0)
})

test('while the log cannot be written, records wait; they are told once it can', async () => {
  const notices: SystemNotice[] = []
  let fails = 2
  const failing = storeWith((store) => ({
    async append(commit, options) {
      if (commit.events[0]!.stream.startsWith('$audit') && fails-- > 0)
        throw new IndelibleError('store_full', 'The disk is full.')
      return await store.append(commit, options)
    },
  }))
  const running = startSystem(system, {
    store: failing,
    audit: { refusals: true },
    onNotice: (each) => notices.push(each),
  })
  await running.send(Withdraw('1', { amount: 1 }))
  await vi.waitFor(async () => expect(await Array.fromAsync(auditTrail(failing))).toHaveLength(1), 5_000)
  expect(notices).toEqual([{ kind: 'audit delayed', records: 1, reason: 'The disk is full.' }])
  await running.close()
})

test('records that can never be written are lost with a notice, and counted as soon as the log can be written again', async () => {
  const notices: SystemNotice[] = []
  let isDead = true
  const failing = storeWith((store) => ({
    async append(commit, options) {
      if (commit.events[0]!.stream.startsWith('$audit') && isDead)
        throw new IndelibleError('store_poisoned', 'The disk failed.')
      return await store.append(commit, options)
    },
  }))
  const running = startSystem(system, {
    store: failing,
    audit: { refusals: true },
    onNotice: (each) => notices.push(each),
  })
  await running.send(Withdraw('1', { amount: 1 }))
  await vi.waitFor(
    () => expect(notices).toEqual([{ kind: 'audit lost', records: 1, reason: 'The disk failed.' }]),
    5_000,
  )
  isDead = false
  await running.close()
  expect(missing(await Array.fromAsync(auditTrail(failing)))).toEqual({ sampledOut: 0, overflowed: 0, failed: 1 })
})

test('of an input that is too large, the length and the SHA-256 are recorded; texts are cut', async () => {
  const input = { amount: 9, note: 'x'.repeat(3_000) }
  const [refused] = await trailAfter(async (running) => {
    await running.send(Withdraw('1', input), { actor: 'a'.repeat(600) })
  })
  const json = JSON.stringify(input)
  const sha256 = hash('sha256', json, 'base64url')
  expect(refused).toMatchObject({ inputTooLarge: { characters: json.length, sha256 }, actor: 'a'.repeat(512) })
  expect(refused).not.toHaveProperty('input')
})

test('a record does not change with what the caller gave', async () => {
  const metadata = { reason: 'first' }
  const [refused] = await trailAfter(
    async (running) => {
      const outcome = await running.send(Withdraw('1', { amount: 1 }), { metadata })
      metadata.reason = 'second'
      if (outcome.status === 'refused') (outcome.details as { balance: number }).balance = 77
    },
    { audit: { refusals: true }, domainCode: 'trusted' },
  )
  expect(refused).toMatchObject({ reason: 'first', details: { balance: 0 } })
})

test('a time is a bound: a day begins with its first instant and ends with its last', async () => {
  let nowMs = Date.parse('2026-01-30T23:59:59.999Z')
  const clock = { now: () => nowMs }
  const store = Object.assign(Object.create(memoryStore({ clock })), { close: async () => {} }) as EventStore
  await trailAfter(
    async (running) => {
      for (const at of ['2026-01-31T00:00:00.000Z', '2026-01-31T23:59:59.999Z', '2026-02-01T00:00:00.000Z', '']) {
        await running.send(Deposit('1', { amount: 1 }))
        nowMs = Date.parse(at)
      }
    },
    { clock },
    store,
  )
  const at = async (options: AuditPageOptions) =>
    (await auditPage(store, options)).entries.map(({ position }) => position)
  expect(await at({ from: { recordedAt: '2026-01-31' }, to: { recordedAt: '2026-01-31' } })).toEqual([3, 5])
  expect(await at({ from: { position: 2 }, to: { position: 5 } })).toEqual([3, 5])
  expect(await at({ from: { position: 9 } })).toEqual([])
  await expect(auditPage(store, { after: '7' })).rejects.toMatchObject({ code: 'invalid_position' })
  await expect(auditPage(store, { stream: 'none' })).rejects.toMatchObject({ code: 'invalid_stream_name' })
  await expect(auditPage(store, { from: { validAt: '2026-01-31' } as never })).rejects.toMatchObject({
    code: 'invalid_position',
  })
})

test('a page examines a bounded part of the log, and the next one goes on', async () => {
  const store = memoryStore()
  const events = Array.from(
    { length: 10_000 },
    () => ({ stream: 'account-1', type: 'Deposited', data: { amount: 1 } }) as const,
  )
  for (let commit = 0; commit < 3; commit++) await store.append({ events })
  let read = 0
  const counting = Object.assign(Object.create(store), {
    async *read(...asked: Parameters<EventStore['read']>) {
      for await (const batch of store.read(...asked)) {
        read += batch.events.length
        yield batch
      }
    },
  }) as EventStore
  const { entries, next } = await auditPage(counting, { actor: 'nobody' })
  expect([entries, next]).toEqual([[], `${auditExaminedMax}.0`])
  expect(read).toBeLessThanOrEqual(auditExaminedMax + 1_000)
  expect(await Array.fromAsync(auditTrail(store, { actor: 'nobody' }))).toEqual([])
})

test('pages of any size, in both directions and with any filters, are the whole trail filtered', async () => {
  const store = storeWith()
  await trailAfter(
    async (running) => {
      for (let n = 0; n < 120; n++) {
        const options = { actor: `a${n % 3}`, correlationId: `c${n % 5}`, causationId: `k${n % 2}`, commandId: `n${n}` }
        await running.send(
          n % 4 === 0 ? Deposit(`${n % 2}`, { amount: 1 }) : Withdraw(`${n % 2}`, { amount: 1e6 }),
          options,
        )
        if (n % 7 === 0)
          await running.send(Deposit('0', { amount: 1 }), { ...options, commandId: `x${n}`, expectedVersion: 999 })
        if (n % 11 === 0)
          await operations.readStream.run(running, { stream: 'account-0' }, { principal: { actor: 'a1' } })
        if (n !== 60) continue
        // What was recorded so far becomes an event of its own.
        await vi.waitFor(
          async () => expect((await auditPage(store, { outcome: 'refused' })).entries).not.toEqual([]),
          5_000,
        )
        await running.consumers.pause({ name: 'checking' }, { actor: 'a0' })
      }
    },
    { audit: { refusals: { oneIn: 2 }, reads: true } },
    store,
  )
  const all = await Array.fromAsync(auditTrail(store))
  expect(new Set(all.map(({ outcome }) => outcome)).size).toBe(6)
  const maybe = <Value>(values: readonly Value[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
  const asked = fc.record({
    actor: maybe(['a0', 'a1', 'nobody']),
    action: maybe(['Deposit', 'Withdraw', 'readStream']),
    stream: maybe(['account-0', 'account-1', '$operator-checking']),
    outcome: maybe(['accepted', 'refused', 'conflict', 'operator', 'read', 'appended', 'gap'] as const),
    code: maybe(['TooLittle', 'expected_version']),
    correlationId: maybe(['c0', 'c1']),
    causationId: maybe(['k0']),
    from: maybe([{ position: 1 }, { position: 40 }]),
    to: maybe([{ position: 41 }, { position: 90 }]),
  })
  const direction = fc.constantFrom('forwards' as const, 'backwards' as const)
  await fc.assert(
    fc.asyncProperty(asked, direction, fc.integer({ min: 1, max: 30 }), async (filters, direction, limit) => {
      const found: AuditEntry[] = []
      for (let after: string | null | undefined; after !== null; ) {
        const page = await auditPage(store, { ...filters, direction, limit, after })
        expect(page.entries.length).toBeLessThanOrEqual(limit)
        found.push(...page.entries)
        after = page.next
      }
      const expected = all.filter((entry) => isAsked(entry, filters))
      expect(found).toEqual(direction === 'forwards' ? expected : expected.toReversed())
    }),
  )
})

function isAsked(entry: AuditEntry, { from, to, outcome, ...filters }: AuditPageOptions): boolean {
  const [first, last] = [from, to].map((point) => (point && 'position' in point ? point.position : undefined))
  if (entry.position < (first ?? 0) || entry.position > (last ?? 1e9)) return false
  if (entry.outcome === 'gap') return outcome === undefined || ['refused', 'conflict', 'read', 'gap'].includes(outcome)
  if (outcome !== undefined && entry.outcome !== outcome) return false
  const known = entry as unknown as Record<string, unknown>
  return Object.entries(filters).every(([name, value]) => value === undefined || known[name] === value)
}

function missing(entries: readonly AuditEntry[]) {
  const total = { sampledOut: 0, overflowed: 0, failed: 0 }
  for (const { outcome, details } of entries) {
    if (outcome !== 'gap') continue
    for (const why of Object.keys(total) as (keyof typeof total)[]) total[why] += (details as typeof total)[why]
  }
  return total
}
