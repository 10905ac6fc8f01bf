// The commands on projections, directly on the log and on tables in memory.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { append, appendHistory } from '../../../test/append.ts'
import { balances } from '../../../test/domain.ts'
import { binary, cli, ndjson, type Terminal, tablesConfigFile, temporaryDirectory } from '../../../test/support.ts'
import { fillTables, startedIn, tablesIn } from '../../../test/tables.ts'

async function filled(): Promise<string> {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  await fillTables(dataDir)
  return dataDir
}

async function projections(dataDir: string, line: string, terminal: Terminal = {}) {
  return cli(['projections', ...line.split(' '), '--config', tablesConfigFile, '--data', dataDir], terminal)
}

async function deposit(dataDir: string, amount: number): Promise<void> {
  await append(dataDir, [{ stream: 'account-2', type: 'FundsDeposited', data: { amount } }])
}

/** Other SQL changes the table. */
async function spoil(dataDir: string): Promise<void> {
  const tables = tablesIn(dataDir)
  const there = await tables.state(balances.table)
  const upserts = [
    { account_id: '1', owner: 'ann', balance: 71, last: { amount: 100, kind: 'deposit' } },
    { account_id: '9', owner: '\u001b[2Jeve', balance: 1, last: null },
  ]
  const removals = [{ account_id: '2' }]
  await tables.save({ table: balances.table, upserts, removals, from: there.position, to: there })
}

test('past keeps a table as of a point beside the live one, and drops it', async () => {
  const dataDir = await filled()
  const { code, out, err } = await projections(dataDir, 'past balances --position 2')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^The table balances__past was written: \d rows?, with everything known at position 2\.\n$/)
  const names = async () => (await tablesIn(dataDir).list()).map(({ name }) => name)
  expect(await names()).toContain('balances__past')
  expect((await projections(dataDir, 'past balances --drop')).out).toBe(
    'The table of the past of balances is dropped.\n',
  )
  expect(await names()).not.toContain('balances__past')
  expect((await projections(dataDir, 'past balances --version 2')).err).toContain('A read table has no versions')
})

describe('list', () => {
  test('says how far every projection is', async () => {
    const dataDir = await filled()
    await deposit(dataDir, 1)
    const { code, out, err } = await projections(dataDir, 'list')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(
      [
        '  NAME      STATE  POSITION  LAG  VERSION  RUN BY',
        '  balances  idle          6    1  1        -',
        '  owners    idle          6    1  1        -',
        '',
      ].join('\n'),
    )
  })

  test('says which process runs a projection, what is parked, and which code filled the table', async () => {
    const dataDir = await filled()
    const { table } = balances
    const older = { ...table, fingerprint: 'older' }
    const tables = tablesIn(dataDir)
    await tables.drop('balances')
    await tables.open(older)
    await deposit(dataDir, 13)
    await fillTables(dataDir)
    await tables.lease('owners', { holder: 'somebody', ms: 10_000 })
    const { out } = await projections(dataDir, 'list')
    expect(out).toMatch(/balances {2}parked +0 +7 {2}1, changed {2}-\n/)
    expect(out).toMatch(/owners +running +7 +0 {2}1 +somebody\n/)
    expect(out).toMatch(/\n\nbalances is parked at position 7: thirteen is unlucky\n$/)
  })

  test('shows the projections if no process ever ran them', async () => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    expect((await projections(dataDir, 'list')).out).toMatch(/balances {2}missing +0 +6 {2}1, no table {2}-\n/)
  })

  test('prints one projection per line for programs', async () => {
    const { out } = await projections(await filled(), 'list --json')
    expect(ndjson(out)).toMatchObject([
      {
        name: 'balances',
        version: 1,
        fingerprint: balances.table.fingerprint,
        state: 'idle',
        position: 6,
        lagEvents: 0,
        holder: null,
        staleness: null,
        rebuild: null,
        table: { fingerprint: balances.table.fingerprint, position: 6, parked: null, staging: null, previous: null },
      },
      { name: 'owners' },
    ])
  })
})

describe('show', () => {
  test('says at which event a projection is parked, with the row and the reason', async () => {
    const dataDir = await filled()
    await projections(dataDir, 'rebuild balances')
    await deposit(dataDir, 13)
    await fillTables(dataDir)
    const { code, out } = await projections(dataDir, 'show balances')
    expect(code).toBe(0)
    const lines = out
      .replaceAll(/\d{4}-\d\d-\d\dT\S+Z/g, 'TIME')
      .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, 'ID')
      .replaceAll(balances.table.fingerprint, 'CODE')
    expect(lines).toMatchInlineSnapshot(`
      "balances

      State     parked
      Position  6, 1 event behind
      Run by    no process
      Version   1 (CODE)
      Written   TIME
      Parked    at position 7, since TIME
      Event     FundsDeposited of account-2 (ID)
      Row       {"account_id":"2","owner":"bob","balance":5,"last":{"kind":"deposit","amount":5}}
      Error     thirteen is unlucky
      Previous  kept as balances__previous, at position 6, filled by code CODE
      "
    `)
    expect(JSON.parse((await projections(dataDir, 'show balances --json')).out)).toMatchObject({
      state: 'parked',
      table: { parked: { position: 7, type: 'FundsDeposited', row: { balance: 5 }, message: 'thirteen is unlucky' } },
    })
  })
})

describe('rebuild', () => {
  test('puts a new table in place and keeps the old one', async () => {
    const dataDir = await filled()
    await spoil(dataDir)
    const { code, out, err } = await projections(dataDir, 'rebuild balances')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.replaceAll(/[\da-f]{64}/g, 'HASH').replaceAll(/[\d.]+ s, [\d,]+/g, 'TIME')).toMatchInlineSnapshot(`
      "The table balances was rebuilt and is live.

        2 rows, identical in a second fold of the log up to position 6
        content HASH
        6 events in TIME events/s
        the replaced table is kept as balances__previous until the next rebuild (--drop-previous drops it)
      "
    `)
    expect((await projections(dataDir, 'verify balances')).code).toBe(0)
    expect((await projections(dataDir, 'show balances')).out).toContain('kept as balances__previous, at position 6')
  })

  test('refuses if another process runs the projection with other code', async () => {
    const dataDir = await filled()
    const tables = tablesIn(dataDir)
    // As if the code had changed meanwhile.
    await tables.drop('balances')
    await tables.open({ ...balances.table, fingerprint: 'of a build' })
    await tables.lease('balances', { holder: '4711-server', ms: 60_000 })
    const { code, err } = await projections(dataDir, 'rebuild balances')
    expect(code).toBe(0)
    expect(err).toMatch(
      /^note: 4711-server runs balances with another declaration \(of a build\) than that of the new table \([0-9a-f]{16}\)\./,
    )
  })

  test('creates the table if it does not exist', async () => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    expect(await projections(dataDir, 'rebuild owners')).toMatchObject({ code: 0, err: '' })
    expect((await projections(dataDir, 'verify owners')).out).toContain('2 rows at position 6')
  })

  test('--drop-previous drops the old table', async () => {
    const dataDir = await filled()
    const { out } = await projections(dataDir, 'rebuild balances --drop-previous')
    expect(out).toContain('the replaced table was dropped')
    expect((await tablesIn(dataDir).list()).map(({ name }) => name)).toEqual(['balances', 'owners'])
  })

  test('gives a program the same hash for the same rows, and all figures', async () => {
    const dataDir = await filled()
    const [first, second] = [
      await projections(dataDir, 'rebuild balances --json'),
      await projections(dataDir, 'rebuild balances --json --drop-previous'),
    ]
    const report = {
      name: 'balances',
      rows: 2,
      contentHash: expect.stringMatching(/^[\da-f]{64}$/),
      checkedPosition: 6,
      position: 6,
      ms: expect.any(Number),
      eventsPerSecond: expect.any(Number),
    }
    expect(ndjson(first.out)).toEqual([{ ...report, previousTable: 'balances__previous' }])
    expect(ndjson(second.out)).toEqual([
      { ...report, contentHash: ndjson(first.out)[0]!.contentHash, previousTable: null },
    ])
  })

  test('shows a bar for each phase on a terminal only', async () => {
    const dataDir = await filled()
    const { err } = await projections(dataDir, 'rebuild balances', { columns: 100 })
    const labels = [
      'Folding the log ━+ 100%',
      'Writing the rows',
      'Checking against a second fold ━+ 100%',
      'Replacing the live table',
    ]
    expect(err).toMatch(new RegExp(labels.join('.*'), 's'))
    expect((await projections(dataDir, 'rebuild balances')).err).toBe('')
  })

  test('that fails in a handler ends with 1 and says at which event', async () => {
    const dataDir = await filled()
    await deposit(dataDir, 13)
    const { code, out, err } = await projections(dataDir, 'rebuild balances --json')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(ndjson(err)).toMatchObject([
      { error: { code: 'projection_parked', details: { name: 'balances', position: 7, row: { balance: 5 } } } },
    ])
    expect((await projections(dataDir, 'list')).out).toMatch(/balances {2}idle +6 +1/)
  })

  test('that is interrupted ends with 130 and leaves the table unchanged', async () => {
    const dataDir = await filled()
    const stop = new AbortController()
    const tables = tablesIn(dataDir)
    tables.bulkLoad = async () => {
      stop.abort()
      throw new Error('cut off')
    }
    const { code, err } = await projections(dataDir, 'rebuild balances', { signal: stop.signal })
    expect({ code, err }).toEqual({ code: 130, err: 'error: Interrupted.\n' })
    expect((await projections(dataDir, 'verify balances')).code).toBe(0)
  })

  test('while another process builds the table ends with 1', async () => {
    const dataDir = await filled()
    const staging = { ...balances.table, name: 'balances__staging' }
    await tablesIn(dataDir).open(staging)
    await tablesIn(dataDir).lease('balances__staging', { holder: 'somebody', ms: 60_000 })
    const { code, err } = await projections(dataDir, 'rebuild balances')
    expect(code).toBe(1)
    expect(err).toBe('error: The table of "balances" is being built by somebody. Try again when that is done.\n')
  })
})

describe('verify', () => {
  test('says that a table agrees with the log', async () => {
    const { code, out, err } = await projections(await filled(), 'verify balances')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe('The table balances matches the log: 2 rows at position 6.\n')
  })

  test('prints the rows that differ, column by column, and ends with 6', async () => {
    const dataDir = await filled()
    await spoil(dataDir)
    const { code, out, err } = await projections(dataDir, 'verify balances')
    expect(code).toBe(6)
    expect(err).toBe(
      'error: 3 rows of balances differ from the log. Rebuild the table: indelible projections rebuild balances\n',
    )
    expect(out).toMatchInlineSnapshot(`
      "The table balances does not match the log: 2 rows at position 6. These differ:

      account_id "1"
                 in the table  from the log
        balance  71            70

      account_id "2": missing in the table
                 in the table  from the log
        owner    -             "bob"
        balance  -             5
        last     -             {"kind":"deposit","amount":5}

      account_id "9": the log does not produce this row
                 in the table    from the log
        owner    "\\u001b[2Jeve"  -
        balance  1               -
        last     null            -
      "
    `)
  })

  test('prints them for programs too', async () => {
    const dataDir = await filled()
    await spoil(dataDir)
    const { code, out, err } = await projections(dataDir, 'verify balances --json')
    expect(code).toBe(6)
    expect(ndjson(out)).toMatchObject([
      { name: 'balances', rows: 2, position: 6, differing: 3, differences: [{ key: { account_id: '1' } }, {}, {}] },
    ])
    expect(ndjson(err)).toMatchObject([{ error: { code: 'table_differs', details: { differing: 3 } } }])
  })

  test('of a missing table ends with 3', async () => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    const { code, err } = await projections(dataDir, 'verify balances')
    expect(code).toBe(3)
    expect(err).toMatch(
      /^error: The table "balances" does not exist yet\. .*: indelible projections rebuild balances\n$/,
    )
  })
})

test('a paused projection stops in the process that runs it, until it is resumed', async () => {
  const dataDir = await filled()
  await using running = await startedIn(dataDir)
  await running.waitFor(balances, 6)
  const paused = await projections(dataDir, 'pause balances')
  expect(paused).toMatchObject({ code: 0, err: '' })
  expect(paused.out).toMatch(/^balances is paused: .*\n$/)
  expect((await projections(dataDir, 'list')).out).toMatch(/balances {2}paused/)
  await expect.poll(async () => (await running.consumers.show(balances)).state, { timeout: 5000 }).toBe('paused')
  expect(ndjson((await projections(dataDir, 'resume balances --json')).out)).toEqual([
    { name: 'balances', isPaused: false },
  ])
  await expect.poll(async () => (await running.consumers.show(balances)).state, { timeout: 5000 }).toBe('running')
})

describe('an impossible command says what to do instead', () => {
  test.each(['show', 'rebuild', 'verify', 'pause', 'resume'])(
    '%s of an unknown projection ends with 3',
    async (verb) => {
      const { code, err } = await projections(await filled(), `${verb} nope`)
      expect(code).toBe(3)
      expect(err).toBe('error: The config declares no projection "nope". It declares: balances, owners.\n')
    },
  )

  test('a missing log ends with 3', async () => {
    expect((await projections(temporaryDirectory(), 'list')).code).toBe(3)
  })

  test.each([
    [
      'tables that are held by another process',
      `throw new IndelibleError('tables_unavailable', 'PGlite cannot open "tables": it is open already.')`,
      1,
      /it is open already\. If a server has them open, ask the server: --url http:\/\/127\.0\.0\.1:<port>\n$/,
    ],
    ['tables that throw', `throw new Error('no DATABASE')`, 1, /threw: no DATABASE \(.*indelible\.config\.ts:\d+/],
    ['a database that is not installed', `import('no-such-package')`, 1, /threw: .*no-such-package/],
  ])('%s', async (_, body, exitCode, message) => {
    const directory = temporaryDirectory()
    await appendHistory(join(directory, 'data'))
    const core = JSON.stringify(import.meta.resolve('indelible'))
    const files = JSON.stringify(import.meta.resolve('indelible/file'))
    const domain = JSON.stringify(new URL('../../../test/domain.ts', import.meta.url).href)
    writeFileSync(
      join(directory, 'indelible.config.ts'),
      `import { IndelibleError } from ${core}
import { system } from ${domain}
import { fileStorage } from ${files}
export default {
  system,
  open: (options) => ({
    ...fileStorage(options),
    tables: async () => { await null; ${body.replace(/^import/, 'await import')} },
  }),
}
`,
    )
    const { code, out, err } = await binary(['projections', 'list'], { cwd: directory })
    expect({ code, out }).toEqual({ code: exitCode, out: '' })
    expect(err).toMatch(message)
    expect(err).toMatch(/^error: .*\n$/)
  })

  test.each([
    ['projections', 'A command is missing.'],
    ['projections lst', "Unknown command 'lst' (Did you mean list?)."],
    ['projections show', "Missing required argument 'name'."],
    ['projections list --url nowhere', '--url takes a URL like http://127.0.0.1:3000, not "nowhere".'],
    ['projections list --url ftp://x', '--url takes a URL like'],
    ['projections list --url http://127.0.0.1:1/?key=5', '--url takes a URL like'],
    ['projections list --url http://127.0.0.1:1#top', '--url takes a URL like'],
    ['projections list --url http://127.0.0.1:1 --data .', 'Give --url without --data and --config.'],
  ])('%s', async (line, message) => {
    const { code, out, err } = await cli(line.split(' '))
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })
})

describe('help', () => {
  test.each(['', 'list ', 'show ', 'rebuild ', 'verify ', 'pause ', 'resume '])(
    'of projections %shas examples and fits a terminal of 80 columns',
    async (verb) => {
      const { code, out } = await cli(`projections ${verb}--help`.split(' '), { columns: 80 })
      expect(code).toBe(0)
      expect(out).toContain(`Examples:\n  indelible projections ${verb}`.trimEnd())
      expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
    },
  )
})
