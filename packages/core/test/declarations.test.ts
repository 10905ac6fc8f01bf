// What the declarations promise is checked when they are made, when a system is defined, and while it runs.
import {
  aggregate,
  command,
  decisionModel,
  defineSystem,
  event,
  projection,
  reaction,
  refusal,
  refuse,
  type SystemDefinition,
  saga,
  startSystem,
  subscription,
  text,
} from 'indelible'
import { describeSystem } from 'indelible/schema'
import { decideAfter } from 'indelible/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const Booked = event('Booked', z.object({ amount: z.int() }), { tags: { amount: 'amount' } })
const Cleared = event('Cleared', z.object({}))
const Foreign = event('Foreign', z.object({}))
const TooMuch = refusal('TooMuch', z.object({ max: z.int() }))

const account = aggregate('account', { initialState: { sum: 0 } })
  .on(Booked, ({ sum }, { amount }) => ({ sum: sum + amount }))
  .on(Cleared, () => ({ sum: 0 }))
const Book = account.command('Book', {
  input: z.object({ amount: z.int() }),
  emits: [Booked],
  refuses: ['Closed', TooMuch],
  decide: (_state, { amount }) => (amount > 100 ? TooMuch({ max: 100 }) : Booked({ amount })),
})
const invalid = (message: RegExp | string) =>
  expect.objectContaining({
    code: 'invalid_declaration',
    message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
  })

function findingsOf(definition: SystemDefinition): readonly string[] {
  try {
    defineSystem(definition)
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: { findings: string[] } }
    expect(code).toBe('invalid_declaration')
    for (const finding of details.findings) expect(message).toContain(finding)
    return details.findings
  }
  return []
}

const sums = (name: string) =>
  projection(name, { table: { id: text().key() } }).write(Booked, (_data, { streamId }) => ({ id: streamId }))
const booking = { command: Book, to: () => '1', input: () => ({ amount: 1 }) }

describe('a system whose parts do not fit', () => {
  test('gets one error with all findings and what to do', () => {
    const half = aggregate('account', { initialState: { sum: 0 } }).on(Cleared, () => ({ sum: 0 }))
    const Clear = half.command('Clear', { input: z.object({}), emits: [Cleared], decide: () => Cleared({}) })
    const Unlisted = account.command('Unlisted', { input: z.object({}), emits: [], decide: () => [] })
    const empty = decisionModel('empty', { initialState: 0, tags: ['amount'] })
    const Ask = command('Ask', {
      category: 'account',
      input: z.object({ amount: z.int() }),
      emits: [],
      consults: { empty: empty.by({ amount: 'amount' }) },
      decide: () => [],
    })
    const findings = findingsOf({
      name: '',
      commands: [Book, Book, Clear, Ask],
      projections: [sums('sums'), projection('nothing', { table: { id: text().key() } }), sums('twice')],
      sagas: [
        saga('idle', { startsOn: Foreign }),
        saga('twice', { startsOn: Booked }).step('ask', {
          ...booking,
          command: Unlisted,
          input: () => ({}),
          compensate: booking,
        }),
      ],
      reactions: [reaction('mail').on(Foreign, () => {})],
      subscriptions: [subscription('none', { on: [], run: () => {} })],
    })
    expect(findings.toSorted()).toEqual(
      [
        'The system has no name.',
        'There are two of the aggregate "account". Declare its commands on the aggregate that has all handlers, not on one before .on(…).',
        'There are two of the command "account/Book". Give one of them another name.',
        'There are two of the projections, sagas, policies, reactions, subscriptions and other systems "twice". Give one of them another name: operators name them alone.',
        'The command "Ask" has no aggregate, but writes to the streams of aggregate "account". Give it a category of its own.',
        'The command "account/Ask" consults "empty", whose decision model handles no event. Add .on(…).',
        'Projection "nothing" handles no event. Add .on(…) or .write(…).',
        'Saga "idle" handles "Foreign", which no command here emits. List the command that does, or the other system that it comes from.',
        '"mail" handles "Foreign", which no command here emits. List the command that does, or the other system that it comes from.',
        '"none" follows no event. Say which.',
        'Saga "idle" has no steps. Add .step(…).',
        'Step "ask" of saga "twice" sends "Unlisted", which the system does not list. Add it to "commands".',
      ].toSorted(),
    )
  })

  test('one finding is reported in one line', () => {
    expect(() => defineSystem({ name: 'x', commands: [Book, Book] })).toThrow(
      /^The system "x" cannot work: There are two of the command "account\/Book"\. [^\n]*$/,
    )
  })

  test('two declarations of one event, of one decision model', () => {
    const again = event('Booked', z.object({ amount: z.int() }))
    const other = aggregate('other', { initialState: {} }).on(again, (state) => state)
    const Other = other.command('Other', { input: z.object({}), emits: [], decide: () => [] })
    expect(findingsOf({ name: 'x', commands: [Book, Other] })).toEqual([expect.stringContaining('the event "Booked"')])
    const asking = (type: string) => {
      const model = decisionModel('seen', { initialState: 0, tags: ['amount'] }).on(Booked, (n) => n + 1)
      return command(type, {
        category: 'asking',
        input: z.object({ amount: z.int() }),
        emits: [],
        consults: { seen: model.by({ amount: 'amount' }) },
        decide: () => [],
      })
    }
    expect(findingsOf({ name: 'x', commands: [Book, asking('One'), asking('Two')] })).toEqual([
      expect.stringContaining('the decision model "seen"'),
    ])
  })

  test('an event that a command emits and its aggregate does not handle', () => {
    const Stray = account.command('Stray', {
      input: z.object({}),
      emits: [Foreign] as never,
      decide: () => [],
    })
    expect(findingsOf({ name: 'x', commands: [Stray] })).toEqual([
      'The command "account/Stray" emits "Foreign", for which aggregate "account" has no handler. Add .on(Foreign, …).',
    ])
  })

  test('data that JSON does not preserve, if the schema can tell', () => {
    const Dated = event('Dated', z.object({ at: z.date() }) as never)
    const dated = aggregate('dated', { initialState: {} }).on(Dated, (state) => state)
    const Put = dated.command('Put', { input: z.object({}), emits: [Dated], decide: () => [] })
    expect(findingsOf({ name: 'x', commands: [Put] })).toEqual([
      expect.stringMatching(
        /^The data of event "Dated" cannot be kept as JSON: .* Use text or numbers, such as an ISO date\.$/,
      ),
    ])
  })
})

describe('an invalid declaration is refused where it is made', () => {
  test('a command', () => {
    const declare = (type: string, wrong: object) => () =>
      account.command(type, { input: z.object({}), emits: [], decide: () => [], ...wrong } as never)
    expect(declare('', {})).toThrow(invalid('A command needs a name.'))
    expect(declare('X', { emits: undefined })).toThrow(invalid('"account/X" does not say which events it emits'))
    expect(declare('X', { decide: undefined })).toThrow(invalid('"account/X" has no function "decide"'))
    expect(declare('X', { visibility: 'secret' })).toThrow(
      invalid('has an unknown visibility. Write "public" or "internal"'),
    )
    for (const reason of ['', '\ud800', 5, undefined, null, {}])
      expect(declare('X', { refuses: [reason] }), String(reason)).toThrow(invalid('A refusal needs a reason'))
    const without = { input: z.object({}), emits: [], consults: {}, decide: () => [] as const }
    for (const category of ['two-parts', '$own', '', undefined])
      expect(() => command('X', { ...without, category } as never)).toThrow(invalid('cannot be a category'))
  })

  test('a refusal', () => {
    for (const reason of ['', '\ud800', 5 as never])
      expect(() => refusal(reason, z.object({}))).toThrow(invalid('reason'))
    expect(() => TooMuch({ max: 'a' as never })).toThrow(invalid('The details of the refusal TooMuch'))
  })

  test('an event with tags', () => {
    const declare = (tag: string) => event('E', z.object({ a: z.string() }), { tags: { [tag]: 'a' } as never })
    for (const tag of ['', 'a b', '1', 'a:b', '$a']) expect(() => declare(tag)).toThrow(invalid('has the tag'))
    expect(declare('a.b_1').tags).toEqual({ 'a.b_1': 'a' })
  })

  test('a decision model', () => {
    const declare = (name: string, tags: readonly string[]) => () => decisionModel(name, { initialState: 0, tags })
    for (const name of ['', 'a b', '1', '$x']) expect(declare(name, ['amount'])).toThrow(invalid('needs a name'))
    expect(declare('m', [])).toThrow(invalid('at least one tag'))
    const model = decisionModel('m', { initialState: 0, tags: ['amount'] }).on(Booked, (n) => n + 1)
    expect(() => model.on(Booked, (n) => n)).toThrow(invalid('two handlers for "Booked"'))
    expect(() => model.on(Cleared, (n) => n)).toThrow(
      invalid(/by the tag "amount", which "Cleared" does not have\. Declare it/),
    )
  })

  test('a projection without a handler, or with invalid options', () => {
    const table = projection('p', { table: { id: text().key() } })
    for (const handler of [undefined, null, {}, 'text'] as never[]) {
      expect(() => table.write(Booked, handler)).toThrow(invalid('Projection "p" has no function for "Booked".'))
      expect(() => table.on(Booked, {}, handler)).toThrow(invalid('Projection "p" has no function for "Booked".'))
    }
  })
})

describe('a decision', () => {
  const odd = (decide: () => unknown) => {
    const Odd = account.command('Odd', {
      input: z.object({}),
      emits: [Booked],
      refuses: ['Closed', TooMuch],
      decide: decide as never,
    })
    return { Odd, system: defineSystem({ name: 's', commands: [Odd, Book] }) }
  }

  test.each<[string, () => unknown, string]>([
    [
      'an event that it does not declare',
      () => Cleared({}),
      'decide of Odd returned the event "Cleared", but the command declares that it emits Booked.',
    ],
    ['one among others', () => [Booked({ amount: 1 }), Cleared({})], 'Add the event to "emits"'],
    ['a list with a hole', () => [Booked({ amount: 1 }), undefined], 'Nothing was recorded'],
    ['an event of another version', () => ({ ...Booked({ amount: 1 }), schemaVersion: 2 }), 'declared at version 1'],
    [
      'a refusal that it does not declare',
      () => refuse('Frozen'),
      'Odd refused with "Frozen", but declares Closed, TooMuch.',
    ],
    ['details that do not fit', () => ({ refused: 'TooMuch', details: { max: 'much' } }), 'details that do not fit'],
    ['details that are missing', () => refuse('TooMuch'), 'details that do not fit'],
    ['nothing', () => undefined, 'It must return a refusal, an event or a list'],
    ['text', () => 'no', 'It must return a refusal, an event or a list'],
  ])('that answers with %s is a fault of the code, and nothing is written', async (_what, decide, message) => {
    const { Odd, system } = odd(decide)
    await using running = startSystem(system)
    await expect(running.send(Odd('1', {}))).rejects.toEqual(invalid(message))
    expect((await running.store.head()).position).toBe(0)
    // The specification of a command finds it too.
    expect(() => decideAfter([], Odd, {})).toThrow(invalid(message))
    expect(await running.send(Book('1', { amount: 1 }))).toMatchObject({ status: 'accepted', version: 1 })
  })

  test('that refuses without details has no details', async () => {
    const { Odd, system } = odd(() => refuse('Closed'))
    await using running = startSystem(system)
    expect(await running.send(Odd('1', {}))).toMatchObject({ status: 'refused', reason: 'Closed', details: {} })
    expect(await running.send(Book('1', { amount: 101 }))).toMatchObject({ reason: 'TooMuch', details: { max: 100 } })
  })
})

test('an internal command can be sent by code and sagas, and the description of the system marks it', async () => {
  const Clear = account.command('Clear', {
    input: z.object({}),
    emits: [Cleared],
    visibility: 'internal',
    decide: () => Cleared({}),
  })
  const clearing = saga('clearing', { startsOn: Booked }).step('clear', {
    command: Clear,
    to: (_data, { sagaId }) => sagaId,
    input: () => ({}),
  })
  const system = defineSystem({ name: 's', commands: [Book, Clear], sagas: [clearing] })
  await using running = startSystem(system)
  await running.send(Book('1', { amount: 1 }))
  expect(await running.waitForSaga(clearing, '1')).toMatchObject({ status: 'completed' })
  expect(await running.send(Clear('1', {}))).toMatchObject({ status: 'accepted', version: 3 })
  expect(describeSystem(system).commands.map(({ type, visibility }) => [type, visibility])).toEqual([
    ['Book', 'public'],
    ['Clear', 'internal'],
  ])
})

describe('data of events', () => {
  const Noted = event('Noted', z.any())
  const notes = aggregate('notes', { initialState: { last: undefined as unknown } }).on(Noted, (_state, last) => ({
    last,
  }))
  const Note = notes.command('Note', {
    input: z.object({ which: z.int() }),
    emits: [Noted],
    decide: (_state, { which }) => Noted(odd[which]![1]),
  })
  class Money {
    readonly cents = 5
  }
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const odd: readonly (readonly [string, unknown])[] = [
    ['a Date', new Date(0)],
    ['a Date inside', { at: new Date(0) }],
    ['NaN', Number.NaN],
    ['Infinity inside', { list: [1, Number.POSITIVE_INFINITY] }],
    ['a Map', new Map([[1, 1]])],
    ['a Set inside', { set: new Set([1]) }],
    ['an object of a class', { money: new Money() }],
    ['a BigInt', { n: 1n }],
    ['a function', { f: () => 1 }],
    ['a symbol', { s: Symbol('s') }],
    ['bytes inside', { bytes: new Uint8Array([1]) }],
    ['a regular expression', { at: /a/ }],
    ['itself', cyclic],
    ['a function named toJSON', { toJSON: () => 1 }],
    ['nothing', undefined],
  ]

  test.each(odd.map(([what], which) => [what, which] as const))(
    'that JSON would change are refused, and nothing is written: %s',
    async (_what, which) => {
      await using running = startSystem(defineSystem({ name: 's', commands: [Note] }))
      await expect(running.send(Note('1', { which }))).rejects.toMatchObject({ code: 'invalid_event' })
      expect((await running.store.head()).position).toBe(0)
    },
  )

  test('that are refused are reported with their path', () => {
    expect(() => Noted({ a: [{ b: new Date(0) }] })).toThrow(
      /^The data of Noted are not JSON: "a\[0\]\.b" is a Date\. Use text or finite numbers, such as an ISO date\.$/,
    )
    expect(() => Noted(Number.NaN)).toThrow(/^The data of Noted are not JSON: they are NaN\./)
  })

  test.each<[string, unknown]>([
    ['a member that is undefined, which counts as not there', { a: undefined, b: 1 }],
    ['null, text, truths, numbers, lists', { a: [null, '', 'ü', true, false, 0, 1.5, -1e300], b: {} }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['a member called __proto__', JSON.parse('{"__proto__":{"a":1}}')],
    ['bytes', new Uint8Array([1, 2])],
  ])('that JSON keeps are taken: %s', async (_what, data) => {
    expect(() => Noted(data)).not.toThrow()
  })
})

describe('what a declaration says about itself', () => {
  const description = 'What it means.'

  test('is in the description of the system; events and commands without one have that of their schema', () => {
    const input = z.object({ amount: z.int() }).describe('Money that came in.')
    const Paid = event('Paid', input, { personal: ['amount'] })
    const till = aggregate('till', { initialState: 0, description }).on(Paid, (sum) => sum + 1)
    const Pay = till.command('Pay', { input, emits: [Paid], decide: (_state, paid) => Paid(paid) })
    const Take = till.command('Take', { input, description, emits: [Paid], decide: (_state, paid) => Paid(paid) })
    const shown = projection('shown', { table: { id: text().key() }, description }).write(Paid, () => undefined)
    const flow = saga('flow', { startsOn: Paid, description }).step('again', { ...booking, command: Take })
    const told = reaction('told', { description }).on(Paid, () => {})
    const system = {
      name: 's',
      description,
      commands: [Pay, Take],
      projections: [shown],
      sagas: [flow],
      reactions: [told],
    }
    expect(describeSystem(defineSystem(system))).toMatchObject({
      description,
      events: [{ description: 'Money that came in.', personal: ['amount'] }],
      aggregates: [{ description }],
      commands: [{ description: 'Money that came in.' }, { description }],
      projections: [{ description }],
      sagas: [{ description }],
      reactions: [{ description }],
    })
    expect(describeSystem(defineSystem({ name: 's', commands: [Book] })).aggregates[0]!.description).toBeNull()
  })

  test.each([[''], [' '], ['x'.repeat(2_001)], [1]])('is a text of some length: %j', (wrong) => {
    expect(() => event('E', z.object({}), { description: wrong as never })).toThrow(invalid(/description/))
  })

  test('marks personal members that the data have', () => {
    const address = z.object({ lines: z.array(z.object({ text: z.string() })) })
    const named = (...personal: string[]) =>
      event('Named', z.object({ name: z.string(), address }), { personal: personal as never })
    const known = aggregate('known', { initialState: 0 })
    const system = (...personal: string[]) => {
      const Named = named(...personal)
      const who = known.on(Named, (count) => count + 1)
      return { name: 's', commands: [who.command('Name', { input: z.object({}), emits: [Named], decide: () => [] })] }
    }
    expect(findingsOf(system('name', 'address.lines.text'))).toEqual([])
    expect(findingsOf(system('nam', 'address.lines.txt'))).toEqual([
      'Event "Named" marks "nam" as personal, which its data do not have.',
      'Event "Named" marks "address.lines.txt" as personal, which its data do not have.',
    ])
    expect(() => named('a..b')).toThrow(invalid(/paths of members/))
    // @ts-expect-error a member that the data do not have does not compile
    event('E', z.object({ name: z.string() }), { personal: ['nam'] })
  })
})
