// Each rule on the code of its page, and on what hides or only looks like it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import parser from '@typescript-eslint/parser'
import { Linter, RuleTester } from 'eslint'
import { afterAll, describe, expect, it, test } from 'vitest'
import plugin from './index.ts'

const {
  rules,
  configs: { recommended },
} = plugin
Object.assign(RuleTester, { afterAll, describe, it })
const languageOptions = { parser, ecmaVersion: 'latest', sourceType: 'module' } as const
const docs = join(import.meta.dirname, '../docs')

describe('the page of each rule', () => {
  test('is there, and no other', () => {
    expect(readdirSync(docs).sort()).toEqual(
      Object.keys(rules)
        .map((name) => `${name}.md`)
        .sort(),
    )
  })

  describe.each(Object.keys(rules))('of %s', (name) => {
    const page = readFileSync(join(docs, `${name}.md`), 'utf8')
    const [, wrong = '', right = ''] = page.split(/^## (?:Wrong|Right)$/m)

    test('shows wrong code, which the rule and no other one reports', () => {
      for (const code of blocksOf(wrong)) {
        const found = new Set(lint(code).map(({ ruleId }) => ruleId))
        expect({ code, found: [...found] }).toEqual({ code, found: [`indelible/${name}`] })
      }
    })

    test('shows right code, which no rule reports', () => {
      for (const code of blocksOf(right)) expect({ code, found: lint(code) }).toEqual({ code, found: [] })
    })
  })

  function blocksOf(part: string): readonly string[] {
    const blocks = [...part.matchAll(/^```\n(.*?)^```$/gms)].map(([, code]) => code!)
    expect(blocks.length).toBeGreaterThan(0)
    return blocks
  }
})

function lint(code: string): readonly Linter.LintMessage[] {
  return new Linter().verify(code, [{ files: ['**/*.ts'], languageOptions }, recommended], 'code.ts')
}

test('the recommended config has every rule as an error, and a person can say where it is from', () => {
  expect(recommended.rules).toEqual(
    Object.fromEntries(Object.keys(rules).map((name) => [`indelible/${name}`, 'error'])),
  )
  const { version } = JSON.parse(readFileSync(join(docs, '../package.json'), 'utf8')) as { version: string }
  expect(plugin.meta).toMatchObject({ name: 'eslint-plugin-indelible', version })
})

/** A decision with this body. */
const decides = (body: string, before = '') =>
  `import { aggregate } from 'indelible'\n${before}\naggregate('a', {}).command('Open', { decide: (state, input, context) => { ${body} } })`

const tester = new RuleTester({ languageOptions })

tester.run('no-impure-domain', rules['no-impure-domain']!, {
  valid: [
    // Not ours, or not in a domain function.
    `const now = Date.now()`,
    `import { saga } from 'redux-saga'; saga('x', { to: () => Date.now() })`,
    `emitter.on('data', () => Date.now())`,
    decides('', 'const started = Date.now()'),
    decides('console.log(state)'),
    decides('return new Date(input.at).toISOString() + Date.UTC(2026, 0) + Date.parse("2026-01-01T00:00:00Z")'),
    decides('return Intl.getCanonicalLocales("EN")'),
    // Names of the user's own.
    decides('const Date = { now: () => 1 }; return Date.now()'),
    decides('return input.process + input.fetch', ''),
    decides('return { performance: 1, process: input }'),
    decides('return createHash("sha256").update(input.text).digest("hex")', `import { createHash } from 'node:crypto'`),
    decides('return join(input.a, "b")', `import { join } from 'node:path'`),
  ],
  invalid: [
    ...[
      ['Date()', 'Date()'],
      ['new Date()', 'new Date()'],
      ['Date["now"]()', 'Date.now'],
      ['Math.random()', 'Math.random'],
      ['process.hrtime.bigint()', 'process'],
      ['performance.now()', 'performance'],
      ['setTimeout(() => {}, 0)', 'setTimeout'],
      ['fetch("/")', 'fetch'],
      ['new Intl.NumberFormat("en")', 'Intl.NumberFormat'],
      ['input.name.localeCompare("b")', 'localeCompare()'],
      ['new Date(0).getHours()', 'getHours()'],
      ['new Date("2026-01-31T10:00")', 'The date "2026-01-31T10:00", which has no zone,'],
      ['Date.parse("Jan 31 2026")', 'The date "Jan 31 2026", which has no zone,'],
      ['input.lines.map(() => Math.random())', 'Math.random'],
    ].map(([code, call]) => ({ code: decides(`return ${code}`), errors: [{ message: new RegExp(escaped(call!)) }] })),
    { code: decides('return randomUUID()', `import { randomUUID } from 'node:crypto'`), errors: 1 },
    { code: decides('return c.randomUUID()', `import c from 'crypto'`), errors: 1 },
    { code: decides('return fs.readFileSync("x")', `import * as fs from 'node:fs'`), errors: 1 },
    { code: decides('return import("./other.ts")'), errors: [{ messageId: 'dynamicImport' }] },
    // In functions that are called, or that stand elsewhere.
    {
      code: decides('return stamp()', 'function stamp() { return inner() }\nconst inner = () => Date.now()'),
      errors: 1,
    },
    {
      code: `import { aggregate } from 'indelible'; const till = aggregate('t', {}); const opened = () => Date.now(); till.on(Opened, opened)`,
      errors: 1,
    },
    {
      code: `import { saga } from 'indelible'; const rest = { to: () => Date.now() }; saga('s', {}).each('lines', { do: (flow) => flow.step('a', { ...rest }) })`,
      errors: 1,
    },
    {
      code: `import { event } from 'indelible'; event('Told', s, { upcasts: { 1: { up: () => Math.random() } } })`,
      errors: 1,
    },
    {
      code: `import { event } from 'indelible'; event('Told', z.string().default(() => crypto.randomUUID()))`,
      errors: 1,
    },
    {
      code: `import { saga as flow } from 'indelible'; flow('s', {}).choose('way', () => Date.now() as any, {})`,
      errors: 1,
    },
  ],
})

tester.run('no-mutation', rules['no-mutation']!, {
  valid: [
    decides('state = { ...state }; return state'),
    decides('const seen = new Set(); seen.add(input.a); return seen'),
    decides('return input.lines.reduce((sum, line) => { sum[line.id] = 1; return sum }, {})'),
    decides('return [...state.lines].sort().concat(state.lines.toSorted())'),
    decides('const total = state.total.add(input.amount); return total'),
    `import { reaction } from 'indelible'; reaction('r', {}).on(Opened, async (data) => { data.seen = true })`,
  ],
  invalid: [
    'state.a.b++',
    'state!.list.pop()',
    '(state as any).a = 1',
    '[state.a, input.b] = [1, 2]',
    'const list = state.list; list[0] = 1',
    'Object.assign(state, input)',
    'Reflect.deleteProperty(state, "a")',
    'state.at.setUTCHours(1)',
    'if (input.a) state.seen.add(input.a)',
    'return state.lines.sort()',
  ].map((body) => ({ code: decides(body), errors: body.startsWith('[') ? 1 : 1 })),
})

tester.run('no-await-in-domain', rules['no-await-in-domain']!, {
  valid: [decides('return input.Promise'), decides('const p: Promise<void> | undefined = undefined; return p')],
  invalid: [
    { code: decides('return input.lines.map(async (line) => line)'), errors: 1 },
    { code: decides('return new Promise(() => {})'), errors: 1 },
  ],
})

tester.run('no-outside-reads', rules['no-outside-reads']!, {
  valid: [
    decides('let count = 0; count++; return count'),
    decides('return input.rate', 'let rate = 1'),
    decides('return { rate: input.rate }', 'let rate = 1'),
    // no-impure-domain reports it.
    decides('return hostname()', `import { hostname } from 'node:os'`),
  ],
  invalid: [
    { code: decides('return { rate }', 'let rate = 1'), errors: [{ messageId: 'variable' }] },
    { code: decides('calls++', 'var calls = 0'), errors: [{ messageId: 'variable' }] },
  ],
})

tester.run('event-past-tense', rules['event-past-tense']!, {
  valid: [
    `event('Open')`,
    ...['MoneySent', 'CourseBegun', 'SignedUp', 'order-shipped', 'LimitSet', 'BreadMade'].map(event),
    { code: event('Overnight'), options: [{ allow: ['Overnight'] }] },
    `import { event } from 'indelible'; event(name, schema)`,
  ],
  invalid: ['SeedPlan', 'NeedOfMoney', 'UserUpdate', 'Feed'].map((name) => ({ code: event(name), errors: 1 })),
})

tester.run('command-imperative', rules['command-imperative']!, {
  valid: [
    ...[
      'Open',
      'SetLimit',
      'BringHome',
      'PassExam',
      'AddressLetter',
      'Focus',
      'ReportLostCard',
      'PutBack',
      'readMeter',
    ].map(command),
    { code: command('Opened'), options: [{ allow: ['Opened'] }] },
    `program.command('installed')`,
  ],
  invalid: ['Opened', 'AccountOpened', 'SentMail', 'Closing', 'Creates', 'FundsWithdrawn'].map((name) => ({
    code: command(name),
    errors: 1,
  })),
})

tester.run('no-any-in-payload', rules['no-any-in-payload']!, {
  valid: [
    `import { z } from 'zod'; z.any()`,
    `import { event } from 'indelible'; event('Opened', z.object({ a: z.string() }), { upcasts: { 1: { schema: z.any(), up } } })`,
  ],
  invalid: [
    { code: `import { event } from 'indelible'; import { any } from 'schemas'; event('Opened', any())`, errors: 1 },
    {
      code: `import { event } from 'indelible'; import { Type } from 'typebox'; event('Opened', Type.Any())`,
      errors: 1,
    },
  ],
})

function event(name: string): string {
  return `import { event } from 'indelible'; event('${name}', schema)`
}

function command(name: string): string {
  return `import { aggregate } from 'indelible'; aggregate('a', {}).command('${name}', { decide: () => [] })`
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
