// The commands on event types: with a log alone, with the code, with a server, and with a committed file.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '@indelible/server'
import { startSystem } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { registerEventTypes } from 'indelible/schema'
import { expect, onTestFinished, test } from 'vitest'
import { appendThings, type ContractName, shopWith } from '../../../test/contracts.ts'
import { cli, ndjson, temporaryDirectory } from '../../../test/support.ts'

const domain = new URL('../../../test/contracts.ts', import.meta.url).href

/** A config of a system, and a log of the first one unless there is to be none. */
async function things(change: ContractName, { log = true, schemas = '{}' } = {}) {
  const directory = temporaryDirectory()
  const data = join(directory, 'data')
  if (log) await appendThings(data)
  const config = join(directory, 'indelible.config.ts')
  writeFileSync(
    config,
    `import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { shopWith } from '${domain}'
export default {
  system: shopWith('${change}'),
  open: (options) => ({ ...fileStorage(options), tables: async () => memoryTables() }),
  schemas: ${schemas},
}
`,
  )
  const schema = (line: string) => cli(['schema', ...line.split(' ')], { cwd: directory })
  return { directory, data, schema }
}

test('a log alone says what its event types are, and which one nobody registered', async () => {
  const { data } = await things('first')
  const { code, out, err } = await cli(['schema', 'list', '--data', data])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out.replaceAll(/\d{4}-\S+Z/g, 'TIME')).toBe(
    [
      '  TYPE    VERSION  OWNER  EVENTS  FIRST                     LAST                      STATUS      PERSONAL',
      '  Dusted        -  -           1  TIME  TIME  unknown     -',
      '  Priced        1  thing       2  TIME  TIME  registered  name',
      '  Sold          1  thing       0  -                         -                         registered  -',
      '',
    ].join('\n'),
  )
  expect(ndjson((await cli(['schema', 'list', '--json', '--data', data])).out)).toMatchObject([
    { type: 'Dusted', status: 'unknown', version: null, count: 1 },
    { type: 'Priced', status: 'registered', owners: ['thing'], first: { position: 3 }, last: { position: 4 } },
    { type: 'Sold', count: 0, first: null },
  ])
})

test('show tells everything of a type, with a log alone', async () => {
  const { data } = await things('first')
  const { code, out } = await cli(['schema', 'show', 'Priced', '--count-versions', '--data', data])
  expect(code).toBe(0)
  for (const line of [
    /^Priced, version 1\n/,
    /Owner +thing\n/,
    /Emitted by +thing: Price\n/,
    /Handled by +aggregate thing\n/,
    /Tags +name = name\n/,
    /Personal +name\n/,
    /version 1 {2}registered \S+Z {2}2 events, from \S+Z to \S+Z\n/,
    /"required": \[\n +"name",\n +"cents"/,
  ])
    expect(out).toMatch(line)
  expect((await cli(['schema', 'show', 'Dusted', '--data', data])).out).toMatch(/Status +nobody registered it\n/)
  const missing = await cli(['schema', 'show', 'Nope', '--data', data])
  expect(missing).toMatchObject({ code: 3, err: expect.stringContaining('nobody registered it') })
})

test('with the code it says where code and log differ', async () => {
  const { schema } = await things('optional')
  expect(ndjson((await schema('list --json')).out).map(({ type, status }) => [type, status])).toEqual([
    ['Dusted', 'unknown'],
    ['Priced', 'changed'],
    ['Sold', 'registered'],
  ])
  expect((await schema('show Priced')).out).toMatch(/Status +the code differs from the registry: schema\n/)
})

test('a running server tells the same', async () => {
  const store = memoryStore()
  const system = shopWith('first')
  await registerEventTypes(store, system)
  const running = startSystem(system, { store })
  const server = await serve(running, { port: 0 })
  onTestFinished(async () => {
    await server.close()
    await running.close()
  })
  const listed = ndjson((await cli(['schema', 'list', '--json', '--url', server.url])).out)
  expect(listed).toMatchObject([{ type: 'Priced', status: 'registered' }, { type: 'Sold' }])
  expect((await cli(['schema', 'show', 'Sold', '--count-versions', '--url', server.url])).out).toMatch(
    /It is in other hands[\s\S]*registered \S+Z {2}no events\n/,
  )
  const schema = await fetch(new URL('/event-types/Priced/schema', server.url))
  expect(schema.headers.get('content-type')).toBe('application/schema+json')
  expect(await schema.json()).toMatchObject({ $id: 'urn:indelible:event:things:Priced:1', required: ['name', 'cents'] })
  expect((await fetch(new URL('/event-types/Nope', server.url))).status).toBe(404)
})

test('check refuses a change that breaks, says what to do, and ends with 7', async () => {
  const { schema } = await things('broken')
  const { code, out, err } = await schema('check')
  expect(code).toBe(7)
  expect(out).toBe(
    [
      'breaking, backward: Dusted [type_unknown]',
      '  The code does not declare "Dusted", and nobody registered it. The log has 1 of its events.',
      '  To do: Keep its declaration, also where nothing emits it any more; or declare which type its events are now.',
      'breaking, backward: Priced, version 1, currency [member_required]',
      '  Old events do not have "currency", and the new schema requires it.',
      '  To do: Raise the version to 2, keep this schema as version 1, and add an upcast from it.',
      'Compared with the log, backward: 2 problems, 0 warnings, 0 accepted.',
      '',
    ].join('\n'),
  )
  expect(err).toBe('error: The code does not fit what was recorded: 2 problems.\n')
  const [dusted, priced, totals] = ndjson((await schema('check --json')).out)
  expect([dusted, priced, totals]).toMatchObject([
    { about: 'finding', type: 'Dusted', rule: 'type_unknown' },
    {
      about: 'finding',
      type: 'Priced',
      rule: 'member_required',
      path: 'currency',
      severity: 'breaking',
      accepted: null,
    },
    { about: 'totals', mode: 'backward', refusing: 2 },
  ])
})

const dusted = `{ type: 'Dusted', rule: 'type_unknown', reason: 'Nobody reads it.' }`

test('an upcast, an optional member, or a reason in the config lets the code pass', async () => {
  for (const change of ['upcast', 'optional', 'first'] as const) {
    const { schema } = await things(change, { schemas: `{ accepted: [${dusted}] }` })
    const { code, out } = await schema('check')
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('Accepted: Nobody reads it.') })
    expect(out).toContain('0 problems, 0 warnings, 1 accepted')
  }
  const gone = `{ type: 'Sold', rule: 'values_removed', reason: 'They were never used.' }`
  const { schema } = await things('upcast', { schemas: `{ mode: 'full', accepted: [${dusted}, ${gone}] }` })
  const { code, out } = await schema('check')
  expect(code).toBe(7)
  expect(out).toContain('breaking, forward: Priced, version 2 [version_new]')
  expect(out).toContain('warning: no finding is values_removed of Sold any more.')
  expect((await schema('check --mode backward')).code).toBe(0)
})

test('--replay runs each event through the code, and names the first that do not fit', async () => {
  const { schema } = await things('upcast', { schemas: `{ accepted: [${dusted}] }` })
  const { code, out, err } = await schema('check --replay')
  expect(code).toBe(7)
  expect(out).toContain('unknown: Dusted\n  The code does not declare it. The log has 1 event of it.\n')
  expect(out).toContain(
    'does not fit: Priced, 1 of 2 events\n  position 4, thing-1, version 1: The data of "Priced" (thing-1, position 4) as version 2 of "Priced" does not fit its schema: cents',
  )
  expect(out).toContain('Replayed 3 events: 1 failure.\n')
  expect(err).toContain('1 event of the log cannot be read as the code declares them.')
})

test('a committed file takes the place of the log: it is the same text each time, and a difference shows', async () => {
  const { directory, schema } = await things('first', { log: false })
  expect(await schema('check')).toMatchObject({ code: 0, out: expect.stringContaining('there is no log yet') })
  expect(await schema('check --against indelible.schema.json')).toMatchObject({
    code: 3,
    err: expect.stringContaining('Write it: indelible schema write indelible.schema.json'),
  })
  expect((await schema('write')).out).toContain('2 event types in ')
  const text = readFileSync(join(directory, 'indelible.schema.json'), 'utf8')
  await schema('write')
  expect(readFileSync(join(directory, 'indelible.schema.json'), 'utf8')).toBe(text)
  // A formatter may lay it out in another way.
  writeFileSync(join(directory, 'indelible.schema.json'), JSON.stringify(JSON.parse(text)))
  const checked = await schema('check --against indelible.schema.json --mode full')
  expect(checked).toMatchObject({ code: 0, err: '' })
  expect(checked.out).not.toContain('Write it again')

  for (const [change, code, word] of [
    ['optional', 0, 'differs from the code. Write it again'],
    ['broken', 7, 'member_required'],
  ] as const) {
    const later = await things(change, { log: false })
    writeFileSync(join(later.directory, 'indelible.schema.json'), text)
    const checked = await later.schema('check --against indelible.schema.json')
    expect(checked).toMatchObject({ code, out: expect.stringContaining(word) })
  }
  writeFileSync(join(directory, 'indelible.schema.json'), '{}')
  expect(await schema('check --against indelible.schema.json')).toMatchObject({ code: 2 })
})

test('a directory in the place of the file is said to be one', async () => {
  const { directory, schema } = await things('first', { log: false })
  const problem = `${directory} cannot be %: it is a directory, and a file is needed (EISDIR).`
  expect(await schema('write .')).toMatchObject({ code: 2, err: `error: ${problem.replace('%', 'written')}\n` })
  expect(await schema('check --against .')).toMatchObject({ code: 2, err: `error: ${problem.replace('%', 'read')}\n` })
  expect(await schema('write nowhere/x.json')).toMatchObject({
    code: 2,
    err: expect.stringContaining('there is no such file or directory'),
  })
})
