import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { append, appendHistory } from '../../test/append.ts'
import { binary, cli, configFile, temporaryDirectory } from '../../test/support.ts'

async function state(dataDir: string, ...argv: string[]) {
  return cli(['state', ...argv, '--config', configFile, '--data', dataDir])
}

test('prints the current state of an aggregate', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { code, out, err } = await state(dataDir, 'account', '1')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(
    /^account-1 at version 3, position 4, recorded \S+Z \(\d+ seconds? ago\)\n\n\{ owner: 'ann', balance: 70 \}\n$/,
  )
})

test('prints one line of JSON for programs', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { out } = await state(dataDir, 'account', '2', '--json')
  expect(out).toMatch(/^.*\n$/)
  expect(JSON.parse(out)).toEqual({
    stream: 'account-2',
    state: { owner: 'bob', balance: 5 },
    version: 2,
    position: 6,
    recordedAt: expect.stringMatching(/Z$/),
  })
})

describe('at a point in the history', () => {
  test.each([
    ['--version', '1', 0],
    ['--version', '2', 100],
    ['--position', '3', 100],
    ['--position', '4', 70],
    ['--recorded-at', '2999-01-01', 70],
    ['--valid-at', '2999-01-01T00:00:00Z', 70],
    ['--valid-at', '2020-06-01', -30],
  ])('%s %s', async (option, value, balance) => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    const { out } = await state(dataDir, 'account', '1', option, value, '--json')
    expect(JSON.parse(out).state.balance).toBe(balance)
  })

  test.each([
    ['--version', '4', /"account-1" has no version 4 yet\. Its last version is 3\./],
    ['--position', '7', /The log has no position 7 yet\. Its last position is 6\./],
    [
      '--recorded-at',
      '2001-01-01',
      /"account-1" had no event at that time\. Its first event is at position 1, recorded \S+Z\./,
    ],
  ])('that does not exist: %s %s ends with 3', async (option, value, message) => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    const { code, err } = await state(dataDir, 'account', '1', option, value)
    expect(code).toBe(3)
    expect(err).toMatch(message)
  })
})

test('an aggregate without events ends with 3', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { code, err } = await state(dataDir, 'account', '404', '--json')
  expect(code).toBe(3)
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'aggregate_missing', details: { stream: 'account-404' } } })
})

test('an unknown category ends with 2 and lists the known ones', async () => {
  const { code, err } = await state(temporaryDirectory(), 'acount', '1')
  expect(code).toBe(2)
  expect(err).toBe('error: The config declares no aggregate "acount". It declares: account.\n')
})

test('an event of a type that the aggregate does not know ends with 1 and is named; the state before it is told, and the event is read', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  await append(dataDir, [{ stream: 'account-1', type: 'FundsFrozen', data: { amount: 5 } }])
  const { code, err } = await state(dataDir, 'account', '1')
  expect(code).toBe(1)
  expect(err).toMatch(/^error: Aggregate "account" does not know "FundsFrozen" \(account-1, position 7\)\. /)
  const json = await state(dataDir, 'account', '1', '--json')
  expect(JSON.parse(json.err)).toMatchObject({
    error: { code: 'event_type_unknown', details: { type: 'FundsFrozen', stream: 'account-1', position: 7 } },
  })
  const { out } = await state(dataDir, 'account', '1', '--version', '3', '--json')
  expect(JSON.parse(out).state).toEqual({ owner: 'ann', balance: 70 })
  const read = await cli(['read', '--from', '7', '--config', configFile, '--data', dataDir, '--json'])
  expect(JSON.parse(read.out)).toMatchObject({ type: 'FundsFrozen', data: { amount: 5 } })
})

test('an evolve that throws ends with 1 and says where', async () => {
  const directory = temporaryDirectory()
  await appendHistory(join(directory, 'data'))
  const domain = JSON.stringify(new URL('../../test/domain.ts', import.meta.url).href)
  const files = JSON.stringify(import.meta.resolve('indelible/file'))
  writeFileSync(
    join(directory, 'indelible.config.mjs'),
    `import { Account, system } from ${domain}
const broken = { ...Account, evolve: () => { throw new TypeError('no such field') } }
import { fileStorage } from ${files}
export default {
  system: { ...system, aggregates: [broken] },
  open: (options) => ({ ...fileStorage(options), tables: async () => undefined }),
}
`,
  )
  const { code, err } = await binary(['state', 'account', '1'], { cwd: directory })
  expect(code).toBe(1)
  expect(err).toMatch(/^error: A handler of "account" threw: no such field \(.*indelible\.config\.mjs:2:52\)\n$/)
})
