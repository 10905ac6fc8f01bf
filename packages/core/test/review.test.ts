// What a review finds: in declarations, and in the use of a log.
import {
  aggregate,
  defineSystem,
  event,
  type NewEvent,
  policy,
  projection,
  reaction,
  refuse,
  type SystemDefinition,
  saga,
  startSystem,
  text,
} from 'indelible'
import { memoryStore } from 'indelible/memory'
import { type Finding, type ReviewOptions, reviewOf, reviewRules, useOf } from 'indelible/review'
import { describeSystem } from 'indelible/schema'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { isCrud, isNotImperative, isPastTense } from '../src/review/words.ts'

const nothing = z.object({})
const Opened = event('Opened', nothing)
const shop = aggregate('shop', { initialState: { isOpen: false } }).on(Opened, () => ({ isOpen: true }))
const Open = shop.command('Open', {
  input: nothing,
  emits: [Opened],
  refuses: ['IsOpen'],
  decide: ({ isOpen }) => (isOpen ? refuse('IsOpen') : Opened({})),
})
const shops = projection('shops', { table: { id: text().key() }, staleness: { targetMs: 50 } }).write(
  Opened,
  (_data, { streamId }) => ({ id: streamId }),
)
const right: SystemDefinition = { name: 'shops', commands: [Open], projections: [shops] }

function findings(
  definition: Partial<SystemDefinition>,
  options?: ReviewOptions,
): readonly Pick<Finding, 'rule' | 'subject'>[] {
  const system = defineSystem({ ...right, ...definition })
  return reviewOf(describeSystem(system), options).findings.map(({ rule, subject }) => ({ rule, subject }))
}

describe('a declaration', () => {
  test('with nothing to ask about has no finding', () => {
    expect(findings({})).toEqual([])
  })

  test('has findings for names, events, commands, sagas and projections, in the order of the rules', () => {
    const contact = z.object({ email: z.string(), address: z.object({ street: z.string() }), product: z.string() })
    const ShopUpdated = event('ShopUpdated', contact, { personal: ['address.street'] })
    const Closing = event('Closing', nothing)
    const all = shop.on(ShopUpdated, (state) => state).on(Closing, (state) => state)
    const command = (type: string, visibility: 'public' | 'internal' = 'public') =>
      all.command(type, { input: nothing, emits: [ShopUpdated, Closing], visibility, decide: () => [] })
    const Registration = command('Registration')
    const Undo = command('Undo', 'internal')
    const step = { command: Undo, to: () => 'a', input: () => ({}) }
    const flow = saga('flow', { startsOn: Closing }).step('first', step).step('last', step)
    const slow = projection('slow', { table: { id: text().key() } }).write(Closing, () => undefined)
    expect(findings({ commands: [Registration, Undo], sagas: [flow], projections: [slow] })).toEqual([
      { rule: 'event-past-tense', subject: 'event Closing' },
      { rule: 'command-imperative', subject: 'command shop/Registration' },
      { rule: 'event-crud', subject: 'event ShopUpdated' },
      { rule: 'event-unheard', subject: 'event ShopUpdated' },
      { rule: 'command-never-refused', subject: 'command shop/Registration' },
      { rule: 'step-without-compensation', subject: 'step first of saga flow' },
      { rule: 'saga-without-owner', subject: 'saga flow' },
      { rule: 'projection-without-staleness', subject: 'projection slow' },
      { rule: 'personal-without-erasure', subject: 'event ShopUpdated' },
      { rule: 'personal-unmarked', subject: 'member email of event ShopUpdated' },
    ])
  })

  test.each([
    ['projection', { projections: [shops] }],
    ['reaction', { reactions: [reaction('told', {}).on(Opened, () => {})] }],
    ['policy', { policies: [policy('again', { sends: [Open] }).on(Opened, () => undefined)] }],
    [
      'saga',
      {
        sagas: [
          saga('more', { startsOn: Opened, owner: 'us' }).step('open', {
            command: Open,
            to: () => 'b',
            input: () => ({}),
          }),
        ],
      },
    ],
  ])('has events that somebody follows: a %s', (_kind, followers) => {
    expect(findings({ projections: [], ...followers })).toEqual([])
    expect(findings({ projections: [] })).toEqual([{ rule: 'event-unheard', subject: 'event Opened' }])
  })

  test('is accepted finding by finding, with a reason; an acceptance in vain is a finding', () => {
    const accepted = [{ rule: 'event-unheard', subject: 'event Opened', reason: 'For the audit.' }] as const
    const unheard = describeSystem(defineSystem({ ...right, projections: [] }))
    expect(reviewOf(unheard, { accepted })).toMatchObject({
      findings: [],
      accepted: [{ rule: 'event-unheard', subject: 'event Opened', reason: 'For the audit.' }],
    })
    expect(findings({}, { accepted })).toEqual([{ rule: 'accepted-in-vain', subject: 'event Opened' }])
    // Whether this one is in vain is known only where a log was read.
    expect(findings({}, { accepted: [{ rule: 'stream-grows', subject: 'aggregate shop', reason: 'Known.' }] })).toEqual(
      [],
    )
  })
})

describe('words', () => {
  test.each([
    'OrderPlaced',
    'FundsWithdrawn',
    'PaymentFailedTwice',
    'partner.TransferReceived',
    'MailSent',
    'order_paid',
    'VATChanged',
    'BidWon',
  ])('%s is in the past tense', (name) => expect(isPastTense(name)).toBe(true))
  test.each(['PlaceOrder', 'OrderFeed', 'FundsNeed', 'Opening', 'UserCreation', 'Proceed'])('%s is not', (name) =>
    expect(isPastTense(name)).toBe(false),
  )
  test.each(['PlaceOrder', 'PutItem', 'BringBack', 'MentionUser', 'Open', 'SetLimit', 'ReadMeter'])(
    '%s is an order to somebody',
    (name) => expect(isNotImperative(name)).toBe(false),
  )
  test.each(['Registration', 'OpeningAccount', 'PlacedOrder', 'Placed'])('%s is not', (name) =>
    expect(isNotImperative(name)).toBe(true),
  )
  test.each([
    ['UserUpdated', true],
    ['Created', true],
    ['EmailAddressChanged', false],
    ['UserMoved', false],
  ])('%s is about data alone: %s', (name, is) => expect(isCrud(name, new Set(['user']))).toBe(is))
})

describe('a log', () => {
  const category = (name: string) => {
    const Done = event(`${name}Done`, nothing)
    const done = aggregate(name, { initialState: 0 }).on(Done, (count) => count + 1)
    return done.command(`Do${name}`, { input: nothing, emits: [Done], refuses: ['No'], decide: () => Done({}) })
  }
  const commands = [category('a'), category('b'), category('c')]
  const followers = commands.map(({ category, emits: [done] }) =>
    projection(`of_${category}`, { table: { id: text().key() }, staleness: { targetMs: 1 } }).write(
      done!,
      () => undefined,
    ),
  )
  const system = describeSystem(defineSystem({ name: 'abc', commands, projections: followers }))

  async function reviewed(events: readonly NewEvent[], options?: Parameters<typeof useOf>[1]) {
    const store = memoryStore()
    onTestFinished(() => store.close())
    for (let at = 0; at < events.length; at += 1_000) await store.append({ events: events.slice(at, at + 1_000) })
    return reviewOf(system, { use: await useOf(store, options) }).findings
  }
  const done = (stream: `${string}-${string}`, correlationId?: string): NewEvent => ({
    stream,
    type: `${stream[0]}Done`,
    data: {},
    metadata: correlationId === undefined ? {} : { correlationId },
  })
  const times = <Item>(count: number, make: (index: number) => Item) =>
    Array.from({ length: count }, (_, index) => make(index))

  test('with streams without an end, and aggregates that change together, shows them with figures', async () => {
    const long = times(5_001, () => done('c-1'))
    const together = times(100, (index) => [done(`a-${index}`, `r${index}`), done(`b-${index}`, `r${index}`)]).flat()
    const alone = times(100, (index) => done(`c-${index}`, `s${index}`))
    expect(await reviewed([...long, ...together, ...alone])).toEqual([
      expect.objectContaining({
        rule: 'stream-grows',
        subject: 'aggregate c',
        evidence: expect.stringContaining('c-1 has 5,002 events'),
      }),
      expect.objectContaining({
        rule: 'aggregates-change-together',
        subject: 'aggregates a and b',
        evidence: 'Of 100 requests that changed "a" and 100 that changed "b", 100 changed both.',
      }),
    ])
    expect(
      await reviewed([...long.slice(2), ...together, ...times(10, (index) => done(`a-${index}`, `t${index}`))]),
    ).toEqual([])
    // The newest events alone.
    expect(await reviewed([...together, ...long.slice(2)], { events: 1_000 })).toEqual([])
  })

  test('with refusals and conflicts in its audit trail shows them', async () => {
    const No = shop.command('Close', { input: nothing, emits: [], refuses: ['NotNow'], decide: () => refuse('NotNow') })
    const running = startSystem(defineSystem({ ...right, commands: [Open, No] }), { audit: { refusals: true } })
    onTestFinished(() => running.close())
    for (let time = 0; time < 20; time++) await running.send(No('1', {}))
    for (let time = 0; time < 30; time++) await running.send(Open(`${time}`, {}))
    await running.send(Open('1', {}))
    const inTheWay = times(20, () => running.send(Open('1', {}), { expectedVersion: 99 }).catch(() => {}))
    await Promise.all(inTheWay)
    const seen = async () => reviewOf(describeSystem(running.system), { use: await useOf(running.store) }).findings
    await expect.poll(seen).toEqual([
      expect.objectContaining({
        rule: 'stream-contended',
        subject: 'stream shop-1',
        evidence: '20 commands met a conflict there.',
      }),
      expect.objectContaining({
        rule: 'refused-often',
        subject: 'refusal NotNow of command shop/Close',
        evidence: '20 of 20 tries, 100 %.',
      }),
    ])
  })

  test('that is empty shows nothing, and the reading of a log can be interrupted', async () => {
    expect(await reviewed([])).toEqual([])
    const signal = AbortSignal.abort()
    await expect(reviewed([done('a-1')], { signal })).rejects.toMatchObject({ code: 'aborted' })
  })
})

test('each rule says why it matters and what to do', () => {
  for (const { why, todo } of Object.values(reviewRules))
    expect([why, todo].every((text) => text.endsWith('.'))).toBe(true)
})
