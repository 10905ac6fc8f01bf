import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cli, ndjson, temporaryDirectory } from '../test/support.ts'
import { exitCodes, exitMeanings } from './errors/index.ts'

const commands = [
  'stat',
  'read',
  'tail',
  'state',
  'diff',
  'history',
  'blame',
  'verify',
  'evidence',
  'backup',
  'index',
  'projections',
  'sagas',
]

describe('help', () => {
  test('of the program names every command and every exit code, and has examples', async () => {
    const { code, out, err } = await cli(['--help'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command} `, 'm'))
    for (const meaning of Object.values(exitMeanings)) expect(out).toContain(meaning)
    expect(out).toContain('Examples:\n  indelible stat --data ./data\n')
  })

  test.each(commands)('of %s has examples and fits a terminal of 80 columns', async (command) => {
    const { code, out } = await cli([command, '--help'], { columns: 80 })
    expect(code).toBe(0)
    expect(out).toContain(`Examples:\n  indelible ${command}`)
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect((await cli(['help', command], { columns: 80 })).out).toBe(out)
  })

  test('is printed as an error if no command is given', async () => {
    const { code, out, err } = await cli([])
    expect({ code, out }).toEqual({ code: exitCodes.usage, out: '' })
    expect(err).toBe((await cli(['--help'])).out)
  })

  test('of tail reads like this', async () => {
    expect((await cli(['tail', '--help'], { columns: 80 })).out).toMatchSnapshot()
  })
})

test('--version prints the version of the package', async () => {
  expect((await cli(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

describe('wrong usage ends with 2 and says what to write instead', () => {
  test.each([
    ['raed', "Unknown command 'raed' (Did you mean read?)."],
    ['help raed', "There is no command 'raed'."],
    ['read --limt 3', "Unknown option '--limt' (Did you mean --limit?)."],
    ['read --limit', "Option '--limit <count>' argument missing."],
    ['read --limit ten', '--limit takes a count, a whole number of at least 1, not "ten".'],
    ['read --from 0', '--from takes a position, a whole number of at least 1, not "0".'],
    ['read --from 1.5', '--from takes a position, a whole number of at least 1, not "1.5".'],
    ['read --to 99999999999999999', 'not "99999999999999999".'],
    ['read --from 9 --to 3', '--from 9 is after --to 3.'],
    ['read account576', '"account576" is not a stream name. Write <category>-<id>'],
    ['read --category account-576', 'A category has no hyphen.'],
    ['read --type=', 'A filter cannot be empty text.'],
    ['read a-1 b-2', "Too many arguments for 'read'. Expected 1 argument but got 2: a-1, b-2."],
    ['tail -n 1 --after 2', '-n and --after both set the start. Give only one of them.'],
    ['state account', "Missing required argument 'id'."],
    ['backup', "Missing required argument 'to'."],
    ['state account 1 --recorded-at noon', '--recorded-at takes a day like 2026-11-23 or a time like'],
    ['state account 1 --valid-at 2026-02-30', '--valid-at takes a day like'],
    ['state account 1 --version 1 --position 2', 'Give only one point of history'],
    ['read', 'There is no indelible.config.ts in'],
    ['read --config nowhere.ts', 'nowhere.ts does not exist.'],
  ])('%s', async (line, message) => {
    const { code, out, err } = await cli(line.split(' '))
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^error: .*\n$/)
    expect(err).toContain(message)
  })
})

test('with --json an error is one line of JSON on stderr', async () => {
  const { code, out, err } = await cli(['read', '--limit', 'ten', '--json'])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  const message = '--limit takes a count, a whole number of at least 1, not "ten".'
  expect(ndjson(err)).toEqual([{ error: { code: 'usage', message } }])
})

test.each([
  [['read', '--data', ''], '--data <dir>'],
  [['--data', '', 'read'], '--data <dir>'],
  [['copy', '--from', './data', '--to', ''], '--to <place>'],
  [['backup', ''], '<to>'],
])('an empty value, as from a variable that is not set, is no directory: %j', async (argv, what) => {
  const { code, out, err } = await cli(argv)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(`This is empty: ${what}. Leave it out, or give it a value.`)
})

describe('a missing log ends with 3', () => {
  // The others need a config first.
  test.each(
    commands.filter((command) => !['state', 'diff', 'history', 'blame', 'projections', 'sagas'].includes(command)),
  )('%s', async (command) => {
    const to = join(temporaryDirectory(), 'new')
    const more = { backup: [to], evidence: ['account-1', '--out', to] }[command] ?? []
    const { code, err } = await cli([command, ...more, '--data', '/no/such/directory', '--json'])
    expect(code).toBe(exitCodes.notFound)
    expect(ndjson(err)).toMatchObject([{ error: { code: 'store_missing' } }])
  })
})
