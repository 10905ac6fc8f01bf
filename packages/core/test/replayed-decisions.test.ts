// Recorded commands are decided again: the same code gives the same events, and changed code is found at the first command that it would answer differently.
import {
  aggregate,
  command,
  decisionModel,
  defineSystem,
  type EventStore,
  event,
  type RunningSystem,
  refuse,
  startSystem,
} from 'indelible'
import { type ReplayedDecision, replayDecisions } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { draws, seed } from '../../../scripts/campaign.ts'

const money = z.object({ amount: z.int() })
const Opened = event('Opened', z.object({ email: z.string() }))
const Paid = event('Paid', money)
const Noted = event('Noted', z.object({ text: z.string(), by: z.string(), at: z.string(), on: z.string().nullable() }))
const Spent = event('Spent', z.object({ day: z.string(), amount: z.int() }), { tags: { day: 'day' } })
const spentOn = decisionModel('spent_on', { initialState: 0, tags: ['day'] }).on(
  Spent,
  (sum, { amount }) => sum + amount,
)

interface Rules {
  readonly limit: number
  readonly bonus: number
}

function bookOf({ limit, bonus }: Rules) {
  const book = aggregate('book', {
    initialState: { sum: 0, email: null as string | null },
    unique: { email: 'EmailTaken' },
  })
    .on(Opened, (state, { email }) => ({ ...state, email }))
    .on(Paid, (state, { amount }) => ({ ...state, sum: state.sum + amount }))
    .on(Noted, (state) => state)
  const Open = book.command('Open', {
    input: z.object({ email: z.string().trim() }),
    emits: [Opened],
    decide: (_state, { email }) => Opened({ email }),
  })
  const Pay = book.command('Pay', {
    input: money,
    emits: [Paid],
    refuses: ['TooMuch'],
    decide: ({ sum }, { amount }) =>
      sum + amount > limit
        ? refuse('TooMuch')
        : amount === 5
          ? [Paid({ amount }), Paid({ amount: bonus })]
          : Paid({ amount }),
  })
  const Note = book.command('Note', {
    input: z.object({ text: z.string().default('nothing') }),
    emits: [Noted],
    decide: (_state, { text }, { commandId, actor = 'nobody', issuedAt, validAt = null }) =>
      Noted({ text, by: `${actor} ${commandId}`, at: issuedAt, on: validAt }),
  })
  const NoteDate = book.command('NoteDate', {
    input: z.object({ day: z.date() }),
    emits: [Noted],
    decide: (_state, { day }) => Noted({ text: day.toISOString(), by: '', at: '', on: null }),
  })
  const Spend = command('Spend', {
    category: 'spending',
    input: z.object({ day: z.string(), amount: z.int() }),
    emits: [Spent],
    refuses: ['NothingLeft'],
    consults: { spent: spentOn.by({ day: 'day' }) },
    decide: ({ spent }, input) => (spent + input.amount > limit ? refuse('NothingLeft') : Spent(input)),
  })
  const commands = { Open, Pay, Note, NoteDate, Spend }
  return { ...commands, system: defineSystem({ name: 'books', commands: Object.values(commands) }) }
}

/** It can be read when the system is closed. */
function keptStore(): EventStore {
  return { ...memoryStore(), close: async () => {} }
}

const rules = { limit: 100, bonus: 1 }
const books = bookOf(rules)

test('every command of drawn histories comes to the same events again, byte for byte', async () => {
  const next = draws()
  let count = 0
  for (let history = 0; history < 20; history++) {
    const store = keptStore()
    const running = startSystem(books.system, { store })
    for (let n = 0; n < 60; n++) await drawn(running, n, next)
    await running.close()
    const replayed = await Array.fromAsync(replayDecisions(store, books.system))
    expect(replayed.filter(({ verdict }) => verdict !== 'same')).toEqual([])
    expect(replayed.map(({ isOtherCode }) => isOtherCode)).not.toContain(true)
    const { position } = await store.head()
    expect(replayed.at(-1)!.position).toBeGreaterThan(position - 2)
    count += replayed.length
  }
  expect(count).toBeGreaterThan(500)
  console.log(`replayed decisions: ${count}, seed ${seed}`)
})

async function drawn(running: RunningSystem, n: number, next: (below: number) => number): Promise<void> {
  const id = `b${next(3)}`
  const options = {
    ...(next(2) === 0 ? { actor: 'ann' } : {}),
    ...(next(3) === 0 ? { validAt: '2020-01-01' } : {}),
    ...(next(3) === 0 ? { commandId: `c${n}` } : {}),
  }
  const given = [
    books.Open(id, { email: ` ${next(5)}@x ` }),
    books.Pay(id, { amount: next(8) }),
    books.Note(id, next(2) === 0 ? {} : { text: 'Zoë' }),
    books.Spend(`s${n}`, { day: `d${next(3)}`, amount: next(20) }),
  ][next(4)]!
  await running.send(given as ReturnType<typeof books.Open>, options)
}

/** Three payments, of which the second has two events. */
async function paidThrice() {
  const store = keptStore()
  await using running = startSystem(books.system, { store })
  for (const amount of [4, 5, 90]) await running.send(books.Pay('ann', { amount }), { actor: 'teller' })
  return store
}

test('changed code is found at the first command that it would answer differently, with what it was decided on', async () => {
  const store = await paidThrice()
  const { system } = bookOf({ limit: 99, bonus: 1 })
  const replayed = await Array.fromAsync(replayDecisions(store, system))
  expect(replayed.map(({ verdict }) => verdict)).toEqual(['same', 'same', 'different'])
  expect(replayed[2]).toMatchObject({
    position: 4,
    stream: 'book-ann',
    command: 'Pay',
    difference: {
      input: { amount: 90 },
      version: 3,
      state: { sum: 10 },
      recorded: { status: 'accepted', events: [{ type: 'Paid', data: { amount: 90 } }] },
      now: { status: 'refused', reason: 'TooMuch' },
    },
  })
})

test.each<[string, Rules, readonly unknown[]]>([
  ['another value', { limit: 100, bonus: 2 }, [{ data: { amount: 5 } }, { data: { amount: 2 } }]],
])('%s in one of two events is a difference', async (_name, other, events) => {
  const store = await paidThrice()
  const [first] = (await Array.fromAsync(replayDecisions(store, bookOf(other).system))).filter(
    ({ verdict }) => verdict === 'different',
  )
  expect(first).toMatchObject({ position: 2, difference: { now: { status: 'accepted', events } } })
})

test('code that throws, refuses the input or breaks a law is a difference and not an error', async () => {
  const store = await paidThrice()
  const book = aggregate('book', { initialState: null }).on(Paid, () => null)
  const pay = (input: z.ZodType<{ amount: number }>, decide: () => never) =>
    defineSystem({ name: 'books', commands: [book.command('Pay', { input, emits: [Paid], decide })] })
  const thrown = () => {
    throw new Error('a bug')
  }
  const clock = (() => Paid({ amount: Date.now() })) as () => never
  const none = (() => []) as unknown as () => never
  const found = async (system: ReturnType<typeof pay>) => {
    const [{ verdict, difference }] = (await Array.fromAsync(replayDecisions(store, system))) as [ReplayedDecision]
    return [verdict, difference!.now]
  }
  expect(await found(pay(money, thrown))).toEqual(['different', { status: 'failed', message: 'a bug' }])
  expect(await found(pay(money, clock))).toEqual([
    'different',
    { status: 'failed', message: expect.stringContaining('Date.now') },
  ])
  expect(await found(pay(money, none))).toEqual(['different', { status: 'accepted', events: [] }])
  const strict = z.object({ amount: z.int().max(3) })
  expect(await found(pay(strict, thrown))).toEqual([
    'different',
    { status: 'failed', message: expect.stringContaining('The input of Pay') },
  ])
})

test('handlers that throw make every decision on that aggregate a difference, and no other', async () => {
  const store = await paidThrice()
  await store.append({ events: [{ stream: 'book-bob', type: 'Paid', data: { amount: 1 } }] })
  const book = aggregate('book', { initialState: { sum: 0 } }).on(Paid, ({ sum }, { amount }) => {
    if (amount === 5) throw new Error('five')
    return { sum: sum + amount }
  })
  const decide = (_state: unknown, data: { amount: number }) => Paid(data)
  const system = defineSystem({
    name: 'books',
    commands: [book.command('Pay', { input: money, emits: [Paid], decide })],
  })
  const replayed = await Array.fromAsync(replayDecisions(store, system))
  expect(replayed.map(({ verdict }) => verdict)).toEqual(['same', 'different', 'different', 'not recorded'])
  expect(replayed[2]).toMatchObject({
    difference: { version: 3, state: undefined, now: { status: 'failed', message: 'five' } },
  })
})

test('what cannot be decided again says why, and does not disturb what comes after it', async () => {
  const store = keptStore()
  await using running = startSystem(books.system, { store })
  await store.append({ events: [{ stream: 'book-ann', type: 'Paid', data: { amount: 7 } }] })
  await running.send(books.NoteDate('ann', { day: new Date(0) }))
  await running.send(books.Pay('ann', { amount: 93 }))
  const { commands } = books.system
  const without = defineSystem({ name: 'books', commands: commands.filter(({ type }) => type !== 'Pay') })
  const verdicts = async (system: typeof without) =>
    (await Array.fromAsync(replayDecisions(store, system))).map(({ verdict, command: type }) => [verdict, type])
  expect(await verdicts(books.system)).toEqual([
    ['not recorded', null],
    ['not recorded', 'NoteDate'],
    ['same', 'Pay'],
  ])
  expect((await verdicts(without)).at(-1)).toEqual(['undeclared', 'Pay'])
  const [, note] = await Array.fromAsync(running.store.read('all')).then((batches) =>
    batches.flatMap(({ events }) => events),
  )
  expect(note!.metadata.command).toMatchObject({ type: 'NoteDate', notJson: expect.any(String) })
})

test('a member of an input that is undefined counts as missing and -0 as 0, as in JSON; undefined in a list cannot be recorded', async () => {
  const Said = event('Said', z.object({ text: z.string() }))
  const Say = aggregate('talk', { initialState: {} })
    .on(Said, (state) => state)
    .command('Say', {
      input: z.object({
        text: z.string(),
        to: z.string().optional(),
        times: z.number().optional(),
        all: z.array(z.string().optional()).optional(),
      }),
      emits: [Said],
      decide: (_state, { text, to, times, all }) => Said({ text: `${text} ${to} ${times} ${all?.length}` }),
    })
  const system = defineSystem({ name: 'talks', commands: [Say] })
  const store = memoryStore()
  await using running = startSystem(system, { store })
  await running.send(Say('a', { text: 'one', to: undefined, times: -0 }))
  await running.send(Say('a', { text: 'two', all: [undefined] }))
  const decisions = await Array.fromAsync(replayDecisions(store, system))
  expect(decisions.map(({ verdict }) => verdict)).toEqual(['same', 'not recorded'])
})

test('the range is of first events, and a state from before it is known', async () => {
  const store = await paidThrice()
  const positions = async (range: object) =>
    (await Array.fromAsync(replayDecisions(store, books.system, range))).map(({ position, verdict }) => [
      position,
      verdict,
    ])
  expect(await positions({ from: 4 })).toEqual([[4, 'same']])
  expect(await positions({ from: 2, to: 3 })).toEqual([[2, 'same']])
  // The second payment has the events 2 and 3.
  expect(await positions({ from: 2, to: 2 })).toEqual([[2, 'same']])
  expect(await positions({ from: 3 })).toEqual([[4, 'same']])
  await expect(positions({ from: -1 })).rejects.toMatchObject({ code: 'invalid_position' })
  await expect(positions({ to: -1 })).rejects.toMatchObject({ code: 'invalid_position' })
})

test('the input is recorded once: with the event if that has the same data', async () => {
  const store = keptStore()
  await using running = startSystem(books.system, { store })
  await running.send(books.Pay('ann', { amount: 7 }))
  const input = { text: 'a' }
  const sent = running.send(books.Note('ann', input))
  input.text = 'changed while the command waits'
  await sent
  const [paid, noted] = (await Array.fromAsync(store.read('all'))).flatMap(({ events }) => events)
  expect(paid!.metadata.command).toEqual({ type: 'Pay', code: books.Pay.code })
  expect(noted!.metadata.command).toEqual({ type: 'Note', code: books.Note.code, input: { text: 'a' } })
})
