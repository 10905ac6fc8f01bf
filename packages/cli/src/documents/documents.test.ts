// The documents of systems of any size and with any names: nothing is lost, nothing runs, and everything leads somewhere.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import specification from '@asyncapi/specs/schemas/3.0.0-without-$id.json' with { type: 'json' }
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { aggregate, defineSystem, event, projection, reaction, type System, saga, text } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { describeSystem } from 'indelible/schema'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { brokenLinks } from '../../test/documents.ts'
import { largeSystem } from '../../test/large-system.ts'
import { exampleOf } from './example.ts'
import type { Files } from './formats.ts'
import { differences, documentFiles, sourceOf, writeFolder } from './index.ts'
import { masked } from './mask.ts'
import { fileNames } from './names.ts'
import { samplesOf } from './samples.ts'

const documentsOf = (system: System): Files => documentFiles(sourceOf(describeSystem(system)))
/** Those of a great system take seconds. */
const made = new Map<System, Files>()
const madeOnce = (system: System): Files => made.get(system) ?? made.set(system, documentsOf(system)).get(system)!

const hostile =
  '</script><script>alert("1")</script> `x` | <img src=x onerror=alert(1)> {1+1} [a](javascript:b) # *b* _c_ & \u202e'
function hostileSystem(): System {
  const Said = event(hostile, z.object({ [hostile]: z.string().describe(hostile) }), {
    description: hostile,
    personal: [],
    version: 1,
  })
  const house = aggregate('house', { initialState: {}, description: hostile }).on(Said, (state) => state)
  const Say = house.command(hostile, {
    description: hostile,
    input: Said.schema,
    emits: [Said],
    refuses: [hostile],
    decide: (_state, data) => Said(data),
  })
  return defineSystem({
    name: hostile,
    description: hostile,
    commands: [Say],
    projections: [
      projection('said', { table: { id: text().key() }, description: hostile, history: true }).write(
        Said,
        (_data, { streamId }) => ({ id: streamId }),
      ),
    ],
    sagas: [
      saga('again', { startsOn: Said, description: hostile, owner: hostile }).step('say', {
        command: Say,
        to: () => '1',
        input: () => ({}) as never,
        compensate: 'nothing',
      }),
    ],
    reactions: [reaction('told', { description: hostile }).on(Said, () => {})],
  })
}

const systems = {
  'three event types': largeSystem(3),
  '300 event types': largeSystem(300),
  'names that mean something elsewhere': hostileSystem(),
}

test.each(Object.entries(systems))('%s: every link leads somewhere', { timeout: 120_000 }, async (_what, system) => {
  const files = madeOnce(system)
  const dir = mkdtempSync(join(tmpdir(), 'indelible-docs-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  await writeFolder(dir, files, await differences(dir, files))
  expect(brokenLinks(dir, [...files.keys()])).toEqual([])
  expect(await differences(dir, documentsOf(system))).toEqual({ changed: [], stale: [] })
})

test.each(Object.entries(systems))(
  '%s: the site loads nothing, runs only what is ours, and its headings are in order',
  { timeout: 120_000 },
  (_what, system) => {
    const site = madeOnce(system).get('index.html')!
    const scripts = [...site.matchAll(/<script( type="application\/json" id="entries")?>(.*?)<\/script>/gs)]
    expect(scripts.map(([, isData]) => isData !== undefined)).toEqual([true, false])
    const hash = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(site)![1]!
    expect(policy).toContain(`script-src '${hash(scripts[1]![2]!)}'`)
    expect(policy).toContain(`style-src '${hash(/<style>(.*?)<\/style>/s.exec(site)![1]!)}'`)
    expect(policy).toContain("default-src 'none'")
    const shown = site.replaceAll(/<(script|style)[^>]*>.*?<\/\1>/gs, '').replaceAll(/ xmlns="[^"]*"/g, '')
    const tags = shown.match(/<[a-z](?:"[^"]*"|[^">])*>/g)!
    const dangerous = /^<(script|img|iframe|object|link|base|form)\b|\s(on\w+|style|src)=|\shref="(?!#|[\w./%-]+")/
    const values = / (aria-label|title)="[^"]*"/g
    expect(tags.filter((tag) => dangerous.test(tag.replaceAll(values, '')))).toEqual([])
    const levels = [...shown.matchAll(/<h([1-6])\b/g)].map(([, level]) => Number(level))
    expect(levels[0]).toBe(1)
    expect(levels.filter((level, index) => index > 0 && level > levels[index - 1]! + 1)).toEqual([])
    const ids = [...shown.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)
    expect(ids).toEqual([...new Set(ids)])
    expect(JSON.parse(scripts[0]![2]!)).toEqual(
      expect.arrayContaining([[expect.any(String), 'document', '#registry', expect.any(String)]]),
    )
  },
)

test('names and sentences are text in Markdown too', () => {
  const files = documentsOf(systems['names that mean something elsewhere'])
  for (const [path, text] of files) {
    if (!path.endsWith('.md')) continue
    const prose = text
      .replaceAll(/^(`{3,}).*?^\1/gms, '')
      .replaceAll(/(`+)[^`].*?\1/g, '')
      .replaceAll(/\\[^\w\s]/g, '')
    expect(prose, path).not.toMatch(/<(script|img)|\]\(javascript/)
  }
})

test('AsyncAPI is valid, and so are its examples and schemas', { timeout: 60_000 }, () => {
  for (const system of [systems['three event types'], systems['names that mean something elsewhere']]) {
    const files = documentsOf(system)
    const valid = new Ajv({ strict: false, validateFormats: false }).compile(specification)
    expect(valid(JSON.parse(files.get('asyncapi.json')!)), JSON.stringify(valid.errors)).toBe(true)
    for (const [path, text] of files)
      if (path.startsWith('schemas/'))
        expect(() => new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(text))).not.toThrow()
    const samples = JSON.parse(files.get('cloudevents.json')!) as Record<string, string>[]
    expect(samples).toHaveLength(system.events.length)
    for (const sample of samples)
      expect(sample).toMatchObject({
        specversion: '1.0',
        id: expect.stringMatching(/./),
        source: expect.stringMatching(/^\/./),
        type: expect.stringMatching(/./),
      })
  }
})

test.each<[string, z.ZodType]>([
  ['text of a length', z.string().min(7).max(9)],
  ['an e-mail, a date, a time', z.object({ a: z.email(), b: z.iso.date(), c: z.iso.datetime() })],
  [
    'numbers',
    z.object({
      a: z.int().min(-5).max(-2),
      b: z.int().positive(),
      c: z.number().max(0.5),
      d: z.int().multipleOf(5).min(10),
    }),
  ],
  ['a choice', z.object({ a: z.enum(['x', 'y']), b: z.literal(3), c: z.union([z.null(), z.boolean()]) })],
  ['lists', z.array(z.object({ a: z.string() })).min(2)],
  ['what may be left out', z.object({ a: z.string().optional(), b: z.string().default('b') })],
  [
    'kinds of one thing',
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a'), a: z.int() }), z.object({ kind: z.literal('b') })]),
  ],
])('an example fits its schema: %s', (_what, schema) => {
  expect(schema.safeParse(exampleOf(z.toJSONSchema(schema, { io: 'output' }) as never))).toMatchObject({
    success: true,
  })
})

test('files have names that every system takes, and that differ everywhere', () => {
  const names = [
    'con',
    'AUX.v1',
    'x.',
    'x',
    'X',
    '../x',
    '..',
    'e\u0301',
    '\u00e9',
    '日'.repeat(200),
    `${'a'.repeat(119)}𝒜`,
  ]
  const files = [...fileNames(names).values()]
  expect(files.slice(0, 9)).toEqual(['_con', '_AUX.v1', 'x', 'x-2', 'X-3', 'x-4', 'unnamed', '\u00e9', '\u00e9-2'])
  for (const file of files) expect(Buffer.byteLength(file)).toBeLessThanOrEqual(120)
  expect(files.at(-1)).toBe('a'.repeat(119))
})

test('samples are the oldest and the newest event, under a former name too', async () => {
  const Begun = event('Begun', z.object({ who: z.string() }))
  const Started = event('Started', z.object({ by: z.string() }), { personal: ['by'] }).formerly(Begun, ({ who }) => ({
    by: who,
  }))
  const store = memoryStore()
  await store.append({ events: [{ stream: 'run-1', type: 'Begun', data: { who: 'ann' } }] })
  const { byType } = await samplesOf(store, [Started], () => {})
  expect(byType.get('Started')).toMatchObject({ oldest: { data: { by: '…' } }, newest: { position: 1 } })
})

test('personal data are masked at any depth, in lists and maps', () => {
  const data = {
    name: 'Ann',
    at: { street: 'x', no: 3 },
    lines: [{ to: 'Ann', n: 1 }, { to: null }],
    by: { a: { to: 'Ben' } },
    kept: 'Ann?',
  }
  expect(masked(data, ['name', 'at.street', 'lines.to', 'by.to', 'absent.to'])).toMatchObject({
    name: '…',
    at: { street: '…', no: 3 },
    lines: [{ to: '…', n: 1 }, { to: null }],
    by: { a: { to: '…' } },
    kept: 'Ann?',
  })
  expect(masked({ at: { street: 'x' } }, ['at'])).toEqual({ at: '…' })
  expect(masked(new Uint8Array(3), ['a'])).toBe('3 bytes')
})

test('the registry says what events were before: older versions, former types, and what each is seen as', () => {
  const SoldAtCounter = event('SoldAtCounter', z.object({ item: z.string(), cents: z.int() }), {
    parts: ['Sold', 'Paid'],
  })
  const Sold = event('Sold', z.object({ item: z.string() }))
    .next(z.object({ item: z.string(), count: z.int() }))
    .upcast((old) => ({ ...old, count: 1 }))
    .formerly(SoldAtCounter, ({ item }) => ({ item, count: 1 }))
  const Paid = event('Paid', z.object({ cents: z.int() })).formerly(SoldAtCounter, ({ cents }) => ({ cents }))
  const till = aggregate('till', { initialState: 0 })
    .on(Sold, (sum) => sum)
    .on(Paid, (sum, { cents }) => sum + cents)
  const Sell = till.command('Sell', { input: Sold.schema, emits: [Sold, Paid], decide: () => [] })
  const files = documentsOf(defineSystem({ name: 'shop', commands: [Sell] }))
  const text = String(files.get('registry.md'))
  expect(text).toContain('Older versions of Sold')
  expect(text).toMatch(/\| `?SoldAtCounter`? \| 1 \| item: text, cents: integer \| \[Sold\]\(\S+\), \[Paid\]\(\S+\) \|/)
})
