// The real bank of 1993 is imported: completely, interrupted, and on a Postgres server.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import fc from 'fast-check'
import { fileStore } from 'indelible/file'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { long, seed } from '../../../scripts/campaign.ts'
import { newPgliteDirectory } from '../../../scripts/pglite-directory.ts'
import { pgliteFlags } from '../../../scripts/pglite-flags.ts'
import { skippedBecause } from '../../../scripts/skips.ts'
import { readCzechBank } from '../import/czech-bank.ts'
import { type AccountHistory, accountHistories } from '../import/replay.ts'
import { czechBankDir, czechBankMissing } from './czech-bank-data.ts'

const expected = {
  accountDays: 23440,
  balanceMismatches: 0,
  closingTotalMinor: 3657591290,
  adjustments: 1422,
  // One for each opened account, each transaction and each adjustment.
  events: 1139 + 28205 + 1422,
}
const kills = long ? 100 : 2
/** The imports that are killed, or done twice on a server, take the first accounts of the bank. */
const accounts = long ? 1139 : 60
const bankBin = fileURLToPath(new URL('../bin/bank.js', import.meta.url))
const importing = fileURLToPath(new URL('./importing-process.ts', import.meta.url))

describe.skipIf(czechBankMissing)(`the bank of 1993${skippedBecause(czechBankMissing)}`, () => {
  let dir = ''
  let from = ''
  let right: typeof expected
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'indelible-import-'))
    from = firstAccounts(join(dir, 'first-accounts'))
    const histories = accountHistories(await readCzechBank(czechBankDir))
    expect(reported(histories)).toEqual(expected)
    right = reported(histories.slice(0, accounts))
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  test(
    'import --json ends with one line, and every balance of every day is the bank’s own',
    async () => {
      await newPgliteDirectory(join(dir, 'whole', 'tables'))
      const { code, stdout, stderr } = await run([
        'import',
        '--from',
        czechBankDir,
        '--data',
        join(dir, 'whole'),
        '--json',
      ])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const { seconds, ...report } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
      expect(report).toEqual({ accounts: 1139, transactions: 28205, ...expected })
      expect(seconds).toBeGreaterThan(0)
    },
    5 * 60_000,
  )

  test('a booking is valid on its day and recorded today', async () => {
    const store = await fileStore({ dir: join(dir, 'whole', 'log'), access: 'read' })
    for await (const { events } of store.read([{ streams: ['account-576'] }], { limit: 2 })) {
      for (const { validAt, recordedAt } of events) {
        expect(validAt).toBe('1993-01-01')
        expect(Date.now() - Date.parse(recordedAt)).toBeLessThan(60 * 60_000)
      }
    }
    await store.close()
  })

  describe('with the read tables on a Postgres server', () => {
    let server: PostgresServer
    beforeAll(async () => {
      server = await startPostgresServer()
    })
    afterAll(() => server.remove())

    test('the same, and a second import adds nothing', async () => {
      const data = ['--data', join(dir, 'server'), '--database', server.connectionString]
      for (const _ of ['first', 'second']) {
        const { code, stdout } = await run(['import', '--from', from, ...data, '--json'])
        expect(code).toBe(0)
        expect(JSON.parse(stdout)).toMatchObject(right)
      }
    })
  })

  test(
    `killed ${kills} times while it runs, the import ends with the same balances, and no booking is lost or doubled`,
    async () => {
      const dataDir = join(dir, 'killed')
      await newPgliteDirectory(join(dataDir, 'tables'))
      const delays = fc.sample(fc.integer({ min: 0, max: 160 }), {
        numRuns: kills,
        seed: seed,
      })
      const acknowledged = new Map<string, number>()
      let killed = 0
      let report: unknown
      for (let attempt = 0; report === undefined; attempt++) {
        const killAfterMs = killed < kills ? delays[killed] : undefined
        const outcome = await importUntilKilled({ from, dataDir, killAfterMs, acknowledged })
        if (outcome.signal === 'SIGKILL') killed++
        else report = outcome.report
        expect(attempt).toBeLessThanOrEqual(kills)
      }
      console.log(`kills: ${killed}, acknowledged commands: ${acknowledged.size}, seed ${seed}`)
      expect(killed).toBe(kills)
      expect(report).toEqual(right)

      const store = await fileStore({ dir: join(dataDir, 'log'), access: 'read' })
      const commandIds = new Set<unknown>()
      for await (const { events } of store.read('all'))
        for (const { metadata } of events) commandIds.add(metadata.commandId)
      expect(commandIds.size).toBe(right.events)
      for (const [commandId, position] of acknowledged) {
        expect((await store.findCommit(commandId))?.lastPosition, commandId).toBe(position)
      }
      await store.close()
    },
    30 * 60_000,
  )
})

test('for a broken file the import prints file and line, ends with exit code 2, and imports nothing', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-broken-'))
  const from = join(dir, 'files')
  mkdirSync(from)
  writeFileSync(
    join(from, 'account.asc'),
    '"account_id";"district_id";"frequency";"date"\r\n1;55;"POPLATEK MESICNE";930101\r\n',
  )
  const header = '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"'
  writeFileSync(join(from, 'trans.asc'), `${header}\r\n10;1;930101;"DAR";"VKLAD";700.00;700.00;"";;\r\n`)
  const { code, stderr } = await run(['import', '--from', from, '--data', join(dir, 'data')])
  expect(code).toBe(2)
  expect(stderr).toBe(`${join(from, 'trans.asc')}:2: the type "DAR" is unknown.\n`)
  expect(existsSync(join(dir, 'data'))).toBe(false)
  rmSync(dir, { recursive: true })
})

/** Makes a folder with the files of the first accounts of the bank. */
function firstAccounts(folder: string): string {
  mkdirSync(folder)
  const linesOf = (name: string) => readFileSync(join(czechBankDir, name), 'utf8').trimEnd().split('\r\n')
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(join(folder, name), `${lines.join('\r\n')}\r\n`)
  const taken = linesOf('account.asc').slice(0, 1 + accounts)
  const ids = new Set(taken.map((line) => line.split(';')[0]))
  const [header = '', ...transactions] = linesOf('trans.asc')
  write('account.asc', taken)
  write('trans.asc', [header, ...transactions.filter((line) => ids.has(line.split(';')[1]))])
  return folder
}

/** What an import of these accounts must report, according to the bank's own books. */
function reported(histories: readonly AccountHistory[]): typeof expected {
  const days = new Set<string>()
  const sum = { accountDays: 0, balanceMismatches: 0, closingTotalMinor: 0, adjustments: 0, events: histories.length }
  for (const { transactions } of histories) {
    let before = 0
    for (const { accountId, date, amount, balance } of transactions) {
      days.add(`${accountId} ${date}`)
      sum.events++
      if (balance !== before + amount) {
        sum.adjustments++
        sum.events++
      }
      before = balance
    }
    sum.closingTotalMinor += before
  }
  return { ...sum, accountDays: days.size }
}

async function run(args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--conditions=@indelible/source', ...pgliteFlags, bankBin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}

/** Runs the import; kills it this many milliseconds after it has acknowledged something new. Records what it acknowledged. */
async function importUntilKilled({
  from,
  dataDir,
  killAfterMs,
  acknowledged,
}: {
  from: string
  dataDir: string
  killAfterMs: number | undefined
  acknowledged: Map<string, number>
}): Promise<{ signal: NodeJS.Signals | null; report: unknown }> {
  const args = ['--conditions=@indelible/source', ...pgliteFlags, importing, from, dataDir]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('close', (_code, signal) => resolve(signal)))
  let report: unknown
  let isTimed = killAfterMs === undefined
  for await (const line of createInterface({ input: child.stdout })) {
    const [first, second, third] = line.split(' ')
    if (first === 'done') {
      report = JSON.parse(second!)
      continue
    }
    // The pipe may end in an incomplete line: the last act of the process.
    if (third !== 'new' && third !== 'again') continue
    const before = acknowledged.get(first!)
    if (before !== undefined) expect(Number(second), first).toBe(before)
    acknowledged.set(first!, Number(second))
    if (third === 'again' || isTimed) continue
    isTimed = true
    setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  }
  return { signal: await ended, report }
}
