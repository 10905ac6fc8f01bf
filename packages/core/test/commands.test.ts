import { aggregate, type Command, defineSystem, type EventStore, event, refusal, refuse, startSystem } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { manualClock } from 'indelible/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { CashPaidIn, CashTaken, Nothing, PayIn, parts, startTills, Take, TooLittle, till, tills } from './till.ts'

const readAll = async (store: EventStore) => (await Array.fromAsync(store.read('all'))).flatMap(({ events }) => events)

test('an accepted command becomes events that record who sent it, why and when', async () => {
  await using system = startTills({ clock: manualClock('2026-03-01') })
  const outcome = await system.send(PayIn('1', { amount: 5 }), {
    commandId: 'c-1',
    actor: 'ann',
    causationId: 'cause',
    validAt: '2026-02-27',
    metadata: { branch: 'Brno' },
  })
  expect(outcome).toMatchObject({ status: 'accepted', stream: 'till-1', version: 1, position: 1, duplicate: false })
  const [event] = await readAll(system.store)
  expect(event).toMatchObject({ type: 'CashPaidIn', data: { amount: 5 }, validAt: '2026-02-27' })
  expect(event!.metadata).toEqual({
    branch: 'Brno',
    actor: 'ann',
    commandId: 'c-1',
    correlationId: 'c-1',
    causationId: 'cause',
    issuedAt: '2026-03-01T00:00:00.000Z',
    requestHash: expect.stringMatching(/^[0-9a-f]{16}$/),
    command: { type: 'PayIn', code: PayIn.code, validAt: '2026-02-27' },
  })
})

test('a refusal is a value with its reason, and nothing is written', async () => {
  await using system = startTills()
  await system.send(PayIn('1', { amount: 5 }))
  const outcome = await system.send(Take('1', { amount: 6 }))
  expect(outcome).toMatchObject({ status: 'refused', reason: 'TooLittle', details: { cash: 5 }, version: 1 })
  expect((await system.store.head()).position).toBe(1)
})

test('a command that decides nothing is accepted and writes nothing', async () => {
  await using system = startTills()
  await system.send(PayIn('1', { amount: 5 }))
  expect(await system.send(Nothing('1', {}))).toMatchObject({
    status: 'accepted',
    version: 1,
    position: 1,
    recordedAt: null,
  })
})

test('a command that is sent again with its id gets the first outcome, even if it would now be refused', async () => {
  await using system = startTills()
  await system.send(PayIn('1', { amount: 5 }))
  const first = await system.send(Take('1', { amount: 5 }), { commandId: 'take' })
  await system.send(PayIn('1', { amount: 1 }))
  const again = await system.send(Take('1', { amount: 5 }), { commandId: 'take' })
  expect(again).toEqual({ ...first, duplicate: true })
  expect((await system.store.head()).position).toBe(3)
})

test('the same command sent 50 times at once is carried out once', async () => {
  await using system = startTills()
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, () => system.send(PayIn('1', { amount: 5 }), { commandId: 'c' })),
  )
  expect(outcomes.filter((outcome) => outcome.status === 'accepted' && !outcome.duplicate)).toHaveLength(1)
  expect((await system.store.head()).position).toBe(1)
})

test('a command id that was used for another aggregate is an error, and the other outcome is not returned', async () => {
  await using system = startTills()
  await system.send(PayIn('1', { amount: 5 }), { commandId: 'c' })
  await expect(system.send(PayIn('2', { amount: 5 }), { commandId: 'c' })).rejects.toMatchObject({
    code: 'command_id_reused',
  })
})

test('a command id that was used for another command on the same aggregate is an error too', async () => {
  await using system = startTills()
  await system.send(PayIn('1', { amount: 5 }), { commandId: 'c' })
  const others: Command[] = [PayIn('1', { amount: 6 }), Take('1', { amount: 5 }), Take('1', { amount: 500 })]
  for (const other of others) {
    await expect(system.send(other, { commandId: 'c' })).rejects.toMatchObject({ code: 'command_id_reused' })
  }
  expect((await system.store.head()).position).toBe(1)
})

test('only a saga may use the id of a saga’s command', async () => {
  await using system = startTills()
  const stolen = system.send(PayIn('1', { amount: 1 }), { commandId: '$saga.move-m:take:do' })
  await expect(stolen).rejects.toMatchObject({ code: 'reserved_name' })
  expect((await system.store.head()).position).toBe(0)
})

test('an invalid decision, an invalid state and data that are not JSON are refused with their codes, and nothing is written', async () => {
  const Odd = event('Odd', z.any())
  const odd = aggregate('odd', { initialState: { n: 0 } as { n: number } | undefined }).on(Odd, (state, data) =>
    data === 'nothing' ? undefined : state,
  )
  const Try = odd.command('Try', {
    input: z.any(),
    emits: [Odd],
    decide: (_state, data) => (data === 'undecided' ? (undefined as never) : Odd(data)),
  })
  await using system = startSystem(defineSystem({ name: 'odd', commands: [Try] }), parts())
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  for (const data of [undefined, 1n, cyclic])
    await expect(system.send(Try('1', data))).rejects.toMatchObject({ code: 'invalid_event' })
  await expect(system.send(Try('1', cyclic), { commandId: 'c' })).rejects.toMatchObject({ code: 'invalid_event' })
  const uncopied = system.send(Try('1', () => 'a function'))
  await expect(uncopied).rejects.toMatchObject({ code: 'invalid_command' })
  for (const data of ['undecided', 'nothing']) {
    await expect(system.send(Try('1', data))).rejects.toMatchObject({ code: 'invalid_declaration' })
  }
  expect((await system.store.head()).position).toBe(0)
})

test('a closed system takes no commands', async () => {
  const system = startTills()
  const closing = system.close()
  await expect(system.send(PayIn('1', { amount: 5 }))).rejects.toMatchObject({ code: 'store_closed' })
  await closing
})

test('concurrent commands on one aggregate each see the earlier ones: a till is never overdrawn', async () => {
  await using system = startTills()
  await system.send(PayIn('1', { amount: 10 }))
  const outcomes = await Promise.all(Array.from({ length: 30 }, () => system.send(Take('1', { amount: 1 }))))
  expect(outcomes.filter(({ status }) => status === 'accepted')).toHaveLength(10)
  expect(outcomes.filter(({ status }) => status === 'refused')).toHaveLength(20)
})

test('a refusal is decided on the current log, not on a cached state', async () => {
  await using system = startTills()
  await system.send(PayIn('1', { amount: 5 }))
  await system.store.append({ events: [{ stream: 'till-1', type: 'CashPaidIn', data: { amount: 5 } }] })
  expect(await system.send(Take('1', { amount: 10 }))).toMatchObject({ status: 'accepted', version: 3 })
})

test('a decision that another writer overtook is made again on the new state', async () => {
  const store = memoryStore()
  let overtakes = 3
  const overtaken: EventStore = {
    ...store,
    async append(commit, options) {
      if (overtakes-- > 0)
        await store.append({ events: [{ stream: 'till-1', type: 'CashPaidIn', data: { amount: 1 } }] })
      return await store.append(commit, options)
    },
  }
  await using system = startTills({ store: overtaken })
  expect(await system.send(PayIn('1', { amount: 5 }))).toMatchObject({ status: 'accepted', version: 4 })
})

test('a command that is always overtaken ends with a conflict', async () => {
  const store = memoryStore()
  const overtaken: EventStore = {
    ...store,
    async append(commit, options) {
      await store.append({ events: [{ stream: 'till-1', type: 'CashPaidIn', data: { amount: 1 } }] })
      return await store.append(commit, options)
    },
  }
  await using system = startTills({ store: overtaken })
  expect(await system.send(PayIn('1', { amount: 5 }))).toMatchObject({ status: 'conflict' })
})

test('an expected version is checked against the log, not against a cached state', async () => {
  await using system = startTills()
  await system.send(PayIn('1', { amount: 5 }))
  await system.store.append({ events: [{ stream: 'till-1', type: 'CashPaidIn', data: { amount: 1 } }] })
  expect(await system.send(PayIn('1', { amount: 5 }), { expectedVersion: 1 })).toMatchObject({
    status: 'conflict',
    version: 2,
  })
  const outcome = await system.send(PayIn('1', { amount: 5 }), { expectedVersion: 2, commandId: 'c' })
  expect(outcome).toMatchObject({ status: 'accepted', version: 3 })
  expect(await system.send(PayIn('1', { amount: 5 }), { expectedVersion: 2, commandId: 'c' })).toEqual({
    ...outcome,
    duplicate: true,
  })
})

test('an undeclared command and an invalid input are refused with their codes', async () => {
  await using system = startTills()
  const unknown = { ...PayIn('1', { amount: 5 }), type: 'BurnMoney' }
  await expect(system.send(unknown)).rejects.toMatchObject({ code: 'unknown_command' })
  await expect(system.send(PayIn('1', { amount: -5 }))).rejects.toMatchObject({
    code: 'invalid_command',
    details: { issues: [{ path: 'amount' }] },
  })
  await expect(system.send(PayIn('', { amount: 5 }))).rejects.toMatchObject({ code: 'invalid_stream_name' })
  await expect(system.send(PayIn('1', { amount: 5 }), { validAt: 'yesterday' })).rejects.toMatchObject({
    code: 'invalid_time',
  })
  expect((await system.store.head()).position).toBe(0)
})

test('an event that the aggregate cannot evolve is not written', async () => {
  const broken = {
    ...till,
    evolve: () => {
      throw new Error('no handler')
    },
  }
  const BrokenPayIn = Object.assign(PayIn.bind(null), { ...PayIn, aggregate: broken })
  await using system = startSystem({ ...tills, commands: [BrokenPayIn as typeof PayIn] }, parts())
  await expect(system.send(PayIn('1', { amount: 5 }))).rejects.toThrow('no handler')
  expect((await system.store.head()).position).toBe(0)
})

test('the input stays the caller’s: it is neither stored by reference nor frozen', async () => {
  await using system = startTills()
  const input = { amount: 5 }
  await system.send(PayIn('1', input))
  input.amount = 6
  await system.send(PayIn('1', input))
  expect((await readAll(system.store)).map(({ data }) => data)).toEqual([{ amount: 5 }, { amount: 6 }])
})

test.each([undefined, null, Number.NaN, 5, true, {}, [], '', ' ', '\u00a0\u2028\t', 'a\n'])(
  '%j is not a valid aggregate id',
  async (id) => {
    await using system = startTills()
    await expect(system.send(PayIn(id as string, { amount: 5 }))).rejects.toMatchObject({ code: 'invalid_stream_name' })
    expect((await system.store.head()).position).toBe(0)
    const stream = `till-${id}` as const
    if (typeof id === 'string') {
      const event = { stream, type: 'CashPaidIn', data: { amount: 5 } }
      await expect(system.store.append({ events: [event] })).rejects.toMatchObject({ code: 'invalid_stream_name' })
    }
  },
)

test('an id may contain white space, but not consist of it', async () => {
  await using system = startTills()
  for (const id of [' a', 'a ', 'a b', '\u00a0a', 'null', 'undefined'])
    expect(await system.send(PayIn(id, { amount: 5 }))).toMatchObject({ status: 'accepted', stream: `till-${id}` })
})

test.each(['commandId', 'actor', 'correlationId', 'causationId', 'traceparent'])(
  '%s that is not a string is refused',
  async (name) => {
    await using system = startTills()
    for (const value of [null, 5, {}, true]) {
      const sent = system.send(PayIn('1', { amount: 5 }), { [name]: value })
      await expect(sent).rejects.toMatchObject({ code: 'invalid_command', message: expect.stringContaining(name) })
    }
    expect((await system.store.head()).position).toBe(0)
  },
)

test('an invalid expected version, and something that is not a command, are refused with their codes', async () => {
  await using system = startTills()
  for (const expectedVersion of [-1, 1.5, Number.NaN, '1', null] as number[]) {
    await expect(system.send(PayIn('1', { amount: 5 }), { expectedVersion })).rejects.toMatchObject({
      code: 'invalid_position',
    })
  }
  for (const command of [null, undefined, {}, 'PayIn'] as never[])
    await expect(system.send(command)).rejects.toMatchObject({ code: 'unknown_command' })
})

test('an invalid refusal is a fault of the code, and the error names it', async () => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const X = refusal('X', z.any())
  const Y = refusal('Y', z.object({ n: z.int() }))
  const odd = [X({ n: 1n }), X(cyclic), { refused: 'Y', details: { n: 'one' } }, refuse('Z'), refuse(5 as never)]
  const Odd = till.command('Odd', {
    input: z.object({ n: z.int() }),
    emits: [],
    refuses: [X, Y],
    decide: (_state, { n }) => odd[n] as never,
  })
  await using system = startSystem(defineSystem({ name: 'odd', commands: [Odd] }), parts())
  for (const [n, told] of [
    /^Odd refused with details that cannot be written as JSON: .*BigInt/,
    /^Odd refused with details that cannot be written as JSON: .*circular/,
    /^Odd refused with details that do not fit: .*n/,
    /^Odd refused with "Z", but declares X, Y\. Add the reason to "refuses"\.$/,
    /^Odd refused with 5, but declares X, Y\./,
  ].entries()) {
    const message = expect.stringMatching(told)
    await expect(system.send(Odd('1', { n }))).rejects.toMatchObject({ code: 'invalid_declaration', message })
  }
  expect((await system.store.head()).position).toBe(0)
})

test('a refusal without a valid reason is refused at its declaration, and one with invalid details when it is made', () => {
  const invalid = expect.objectContaining({ code: 'invalid_declaration' })
  for (const reason of ['', '\ud800', 5 as never, undefined as never]) {
    expect(() => refusal(reason, z.object({}))).toThrow(invalid)
    const odd = { input: z.object({}), emits: [], refuses: [reason], decide: () => [] }
    expect(() => till.command('Odd', odd)).toThrow(invalid)
  }
  expect(() => TooLittle({ cash: 'little' as never })).toThrow(invalid)
})

test('an event that the command does not declare is a fault of the code; the error names it, and nothing is written', async () => {
  const Odd = till.command('Odd', {
    input: z.object({ n: z.int() }),
    emits: [CashPaidIn],
    decide: (_state, { n }) =>
      [
        CashTaken({ amount: 1 }),
        [CashPaidIn({ amount: 1 }), CashTaken({ amount: 1 })],
        { ...CashPaidIn({ amount: 1 }), schemaVersion: 2 },
        { data: {} },
      ][n] as never,
  })
  await using system = startSystem(defineSystem({ name: 'odd', commands: [Odd] }), parts())
  for (const [n, told] of [
    /^decide of Odd returned the event "CashTaken", but the command declares that it emits CashPaidIn\./,
    /^decide of Odd returned the event "CashTaken", but the command declares that it emits CashPaidIn\./,
    /^decide of Odd returned "CashPaidIn" in version 2, but the event is declared at version 1\./,
    /^decide of Odd returned the event undefined, but the command declares/,
  ].entries()) {
    const message = expect.stringMatching(told)
    await expect(system.send(Odd('1', { n }))).rejects.toMatchObject({ code: 'invalid_declaration', message })
  }
  expect((await system.store.head()).position).toBe(0)
})

describe('a command that is sent again with its id', () => {
  const Kept = event('Kept', z.any())
  const box = aggregate('box', { initialState: {} }).on(Kept, (state) => state)
  const Keep = box.command('Keep', {
    input: z.object({ what: z.any(), note: z.string().default('none') }),
    emits: [Kept],
    decide: () => Kept({}),
  })
  const boxes = defineSystem({ name: 'boxes', commands: [Keep] })
  type Input = Parameters<typeof Keep>[1]
  const again = async (first: Input, second: Input) => {
    await using system = startSystem(boxes, parts())
    await system.send(Keep('1', first), { commandId: 'c', actor: 'ann' })
    const outcome = await system.send(Keep('1', second), { commandId: 'c', actor: 'ben' }).catch((error) => error)
    return outcome.code ?? (outcome.duplicate ? 'duplicate' : outcome.status)
  }

  test.each<[Input, Input]>([
    [{ what: { a: 1, b: [{ c: 2, d: 3 }] } }, { what: { b: [{ d: 3, c: 2 }], a: 1 } }],
    [{ what: 1 }, { what: 1, note: 'none' }],
    [{ what: { a: 1 } }, { what: { a: 1, b: undefined } }],
    [{ what: new Map([[1, 1]]) }, { what: new Map([[1, 1]]) }],
    [{ what: new Date(5) }, { what: new Date(5) }],
  ])(
    'is the same where its input is, whatever the order of members and however defaults were given',
    async (first, second) => {
      expect(await again(first, second)).toBe('duplicate')
    },
  )

  test.each<[Input, Input]>([
    [{ what: 1 }, { what: 2 }],
    [{ what: 1 }, { what: 1, note: 'other' }],
    [{ what: [1, 2] }, { what: [2, 1] }],
    [{ what: new Map([[1, 1]]) }, { what: new Map([[2, 2]]) }],
    [{ what: new Set([1]) }, { what: new Set([2]) }],
    [{ what: new Date(5) }, { what: new Date(6) }],
    [{ what: Number.NaN }, { what: null }],
    [{ what: 5n }, { what: 5 }],
    [{ what: new Uint8Array([1]) }, { what: new Uint8Array([2]) }],
  ])('is another where its input differs, also in what JSON does not tell apart', async (first, second) => {
    expect(await again(first, second)).toBe('command_id_reused')
  })

  test('is refused if its input is invalid, even though the first one was accepted', async () => {
    expect(await again({ what: 1 }, { what: 1, note: 5 as never })).toBe('invalid_command')
  })
})
