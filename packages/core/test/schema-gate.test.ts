// What refuses code: whatever it cannot read of a log, or of a committed file.
import { aggregate, defineSystem, type AnyEventType as EventType, event, IndelibleError, type System } from 'indelible'
import { memoryStore } from 'indelible/memory'
import {
  type AcceptedFinding,
  type CompatibilityMode,
  contractFileOf,
  contractRules,
  contractsInFile,
  contractsInLog,
  describeSystem,
  type EventContract,
  isRefusing,
  jsonSchemaOf,
  judgeContracts,
  type KnownContract,
  readRegistry,
  registerEventTypes,
  replayEvents,
  schemaRules,
  unusedAcceptances,
} from 'indelible/schema'
import { expect, test } from 'vitest'
import { z } from 'zod'

const cents = z.object({ cents: z.int() })
const withCurrency = cents.extend({ currency: z.string() })

function contract(type: string, versions: readonly z.ZodType[], more: Partial<EventContract> = {}): EventContract {
  const schemas = versions.map((each) => jsonSchemaOf(each, 'output'))
  const olderVersions = schemas.slice(0, -1).map((schema, index) => ({ version: index + 1, schema }))
  const base = { type, version: versions.length, schema: schemas.at(-1)!, olderVersions }
  return { ...base, formerTypes: [], description: null, tags: {}, personal: [], ...more }
}

function known(type: string, versions: readonly z.ZodType[], more: Partial<KnownContract> = {}): KnownContract {
  const schemas = versions.map((each, index) => ({ version: index + 1, schema: jsonSchemaOf(each, 'output') }))
  return { type, version: versions.length, versions: schemas, tags: {}, personal: [], ...more }
}

function systemOf(type: EventType): System {
  const order = aggregate('order', { initialState: {} }).on(type, (state) => state)
  const Do = order.command('Do', { input: z.object({}), emits: [type], decide: () => [] })
  return defineSystem({ name: 'shop', commands: [Do] })
}

function contractsOf(type: EventType): EventContract[] {
  return [...describeSystem(systemOf(type)).events]
}

function told(before: KnownContract[], now: EventContract[], mode?: CompatibilityMode, accepted?: AcceptedFinding[]) {
  const findings = judgeContracts({
    known: before,
    declared: now,
    ...(mode && { mode }),
    ...(accepted && { accepted }),
  })
  return findings.map((each) =>
    `${isRefusing(each) ? 'refused' : 'passed'} ${each.type} ${each.rule} ${each.path}`.trim(),
  )
}

test('a changed schema of the same version is judged by the mode', () => {
  const before = [known('Paid', [cents])]
  const now = [contract('Paid', [withCurrency])]
  expect(told(before, now)).toEqual(['refused Paid member_required currency'])
  expect(told(before, now, 'forward')).toEqual([])
  expect(told(before, now, 'full')).toEqual(['refused Paid member_required currency'])
})

test('a new version with an upcast is read, and code before it does not know it', () => {
  const before = [known('Paid', [cents])]
  const now = [contract('Paid', [cents, withCurrency])]
  expect(told(before, now)).toEqual([])
  expect(told(before, now, 'forward')).toEqual(['refused Paid version_new'])
})

test('an older version whose schema was changed refuses the code', () => {
  const before = [known('Paid', [cents, withCurrency])]
  const now = [contract('Paid', [cents.extend({ tip: z.int() }), withCurrency])]
  expect(told(before, now)).toEqual(['refused Paid member_required tip'])
})

test('a version that the code does not know any more, or not yet, refuses it', () => {
  const before = [known('Paid', [cents, withCurrency])]
  expect(told(before, [contract('Paid', [withCurrency], { version: 2 })])).toEqual(['refused Paid version_removed'])
  expect(told(before, [contract('Paid', [cents])])).toEqual(['refused Paid version_removed'])
})

test('a removed type refuses the code where it was recorded, or may have been', () => {
  expect(told([known('Paid', [cents], { count: 3 })], [])).toEqual(['refused Paid type_removed'])
  expect(told([known('Paid', [cents])], [])).toEqual(['refused Paid type_removed'])
  expect(told([known('Paid', [cents], { count: 0 })], [])).toEqual([])
})

test('a type whose events are seen as another type is read, by the versions that this declares', () => {
  const former = { type: 'Payed', versions: [{ version: 1, schema: jsonSchemaOf(cents, 'output') }], seenAs: ['Paid'] }
  const now = [contract('Paid', [withCurrency], { formerTypes: [former] } as Partial<EventContract>)]
  expect(told([known('Payed', [cents], { count: 3 })], now)).toEqual([])
  expect(told([known('Payed', [cents, withCurrency], { count: 3 })], now)).toEqual(['refused Payed version_removed'])
})

test('a new type is a warning for code that does not know it', () => {
  expect(told([], [contract('Paid', [cents])])).toEqual([])
  expect(told([], [contract('Paid', [cents])], 'forward')).toEqual(['passed Paid type_new'])
})

test('changed tags and removed marks of personal data are warnings', () => {
  const before = [known('Paid', [cents], { tags: { order: 'cents' }, personal: ['cents'] })]
  const now = [contract('Paid', [cents], { tags: { payment: 'cents' } })]
  expect(told(before, now)).toEqual([
    'passed Paid tags_changed cents',
    'passed Paid tags_changed cents',
    'passed Paid personal_removed cents',
  ])
})

test('a schema whose library describes nothing of it is a warning: nothing was compared', () => {
  const { validate } = cents['~standard']
  const plain = { '~standard': { version: 1, vendor: 'none', validate } } as unknown as z.ZodType
  const warned = 'passed Paid schema_undescribed'
  expect(told([known('Paid', [plain])], [contract('Paid', [plain])], 'full')).toEqual([warned, warned])
  expect(told([known('Paid', [cents])], [contract('Paid', [plain])])).toEqual([warned])
  expect(told([known('Paid', [plain])], [contract('Paid', [cents])])[0]).toBe('refused Paid type_changed')
})

test('what cannot be told refuses the code until it is accepted with a reason', () => {
  const before = [known('Named', [z.object({ name: z.string().regex(/^a/) })])]
  const now = [contract('Named', [z.object({ name: z.string().regex(/^[ab]/) })])]
  expect(told(before, now)).toEqual(['refused Named pattern_changed name'])
  const accepted = [{ type: 'Named', rule: 'pattern_changed', path: 'name', reason: 'It only grew.' }] as const
  expect(told(before, now, 'backward', [...accepted])).toEqual(['passed Named pattern_changed name'])
  const other = [{ type: 'Named', rule: 'pattern_changed', path: 'street', reason: 'It only grew.' }] as const
  expect(told(before, now, 'backward', [...other])).toEqual(['refused Named pattern_changed name'])
  expect(unusedAcceptances(judgeContracts({ known: before, declared: now, accepted: other }), other)).toEqual(other)
})

test('the file has the same text whatever the order of declaration, and is read as it was written', () => {
  const [paid, named] = [
    contract('Paid', [cents, withCurrency], { tags: { b: 'b', a: 'a' } }),
    contract('Named', [cents]),
  ]
  const described = (events: EventContract[]) => ({
    name: 'shop',
    events: events.map((each) => ({ ...each, emittedBy: [], handledBy: [] })),
  })
  const text = contractFileOf(described([paid, named]))
  expect(contractFileOf(described([named, { ...paid, tags: { a: 'a', b: 'b' } }]))).toBe(text)
  expect(told([...contractsInFile(text)], [paid, named], 'full')).toEqual([])
  expect(() => contractsInFile('{')).toThrow(IndelibleError)
  expect(() => contractsInFile('{"events": []}')).toThrow('is not a file of event schemas')
  for (const wrong of [
    null,
    {},
    { version: '1' },
    { schema: true },
    { olderVersions: {} },
    { olderVersions: [null] },
    { formerTypes: [null] },
    { formerTypes: [{ type: 'Payed', versions: [] }] },
    { tags: 3 },
    { personal: 'all' },
  ]) {
    const events = wrong === null ? [null] : [Object.keys(wrong).length === 0 ? {} : { ...named, ...wrong }]
    const odd = JSON.stringify({ indelible: 'event schemas', format: 1, system: 'shop', events })
    expect(() => contractsInFile(odd), odd).toThrow('The file lacks type, version,')
  }
})

test('a type of the log that nobody registered refuses code that does not declare it either', async () => {
  const store = memoryStore()
  await store.append({ events: [{ stream: 'order-1', type: 'Paid', data: {} }] })
  const before = contractsInLog(await readRegistry(store), await store.countTypes())
  expect(told([...before], [])).toEqual(['refused Paid type_unknown'])
  expect(told([...before], [contract('Paid', [cents])], 'full')).toEqual([])
})

/** What former code registered on a log, the last one last, and then events of some types. */
async function logOf(registered: readonly EventType[], events: readonly string[]) {
  const store = memoryStore()
  for (const each of registered) await registerEventTypes(store, systemOf(each))
  for (const type of events) await store.append({ events: [{ stream: 'order-1', type, data: {} }] })
  return [...contractsInLog(await readRegistry(store), await store.countTypes())]
}

test('code that was rolled back does not hide what newer code recorded in the meantime', async () => {
  const strict = event('Paid', z.object({ by: z.string() }))
  const loose = event('Paid', z.object({ by: z.string().optional() }))
  const refused = ['refused Paid member_required by']
  expect(told(await logOf([strict, loose, strict], ['Paid']), contractsOf(strict))).toEqual(refused)
  expect(told(await logOf([strict, loose, strict], ['Paid']), contractsOf(loose))).toEqual([])
  // Without events there is nothing that could not be read.
  expect(told(await logOf([strict, loose, strict], []), contractsOf(strict))).toEqual([])
})

test('a type that others were formerly stays known, in a log and in a file, though no code declares it for itself', async () => {
  const Payed = event('Payed', z.object({ cents: z.int() }))
  const after = event('Paid', cents).formerly(Payed, (old) => old)
  const otherwise = event('Paid', cents).formerly(event('Payed', withCurrency), (old) => old)
  const file = contractFileOf({ name: 'shop', events: describeSystem(systemOf(after)).events })
  for (const before of [[...contractsInFile(file)], await logOf([after], ['Payed'])]) {
    expect(told(before, contractsOf(after), 'full')).toEqual([])
    expect(told(before, contractsOf(event('Paid', cents)))).toEqual(['refused Payed type_removed'])
    expect(told(before, contractsOf(otherwise))).toEqual(['refused Payed member_required currency'])
  }
})

test('every rule says what it is about', () => {
  for (const [rule, meaning] of Object.entries({ ...schemaRules, ...contractRules }))
    expect(`${rule}: ${meaning}`).toMatch(/: [A-Z].*\.$/)
})

test('each event of a log is run through upcasts and schema, and the first failures of each type are told', async () => {
  const store = memoryStore()
  const append = (type: string, schemaVersion: number, data: unknown) =>
    store.append({ events: [{ stream: 'order-1', type, schemaVersion, data: data as object }] })
  for (const data of [{ cents: 1 }, { cents: 'two' }, { cents: 3 }]) await append('Paid', 1, data)
  for (let more = 0; more < 4; more++) await append('Paid', 2, { cents: 1 })
  await append('Paid', 3, {})
  await append('Shipped', 1, {})
  const Paid = event('Paid', cents)
    .next(withCurrency)
    .upcast((old) => ({ ...old, currency: 'EUR' }))
  const replayed = await replayEvents(store, { events: [Paid] }, { firstMax: 2 })
  expect(replayed).toMatchObject({
    events: 9,
    failures: 6,
    types: [
      {
        type: 'Paid',
        isDeclared: true,
        events: 8,
        failures: 6,
        first: [
          {
            position: 2,
            version: 1,
            stream: 'order-1',
            code: 'recorded_event_invalid',
            message: expect.stringContaining('cents'),
          },
          { position: 4, version: 2, message: expect.stringContaining('currency') },
        ],
      },
      { type: 'Shipped', isDeclared: false, events: 1, failures: 0 },
    ],
  })
})
