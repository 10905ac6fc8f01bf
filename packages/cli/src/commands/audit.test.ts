// The audit trail on the command line: told to people, exported to auditors, and asked of a server.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '@indelible/server'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { aggregate, defineSystem, event, type RunningSystem, refusal, type StartOptions, startSystem } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { openCheckpoint, verifierKey } from 'indelible/proofs'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { cli, ndjson, temporaryDirectory } from '../../test/support.ts'

const Deposited = event('Deposited', z.object({ amount: z.number() }))
const Withdrawn = event('Withdrawn', z.object({ amount: z.number() }))
const account = aggregate('account', { initialState: { balance: 0 } })
  .on(Deposited, ({ balance }, { amount }) => ({ balance: balance + amount }))
  .on(Withdrawn, ({ balance }, { amount }) => ({ balance: balance - amount }))
const Deposit = account.command('Deposit', {
  input: Deposited.schema,
  emits: [Deposited],
  decide: (_state, data) => Deposited(data),
})
const TooLittle = refusal('TooLittle', z.object({ balance: z.number() }))
const Withdraw = account.command('Withdraw', {
  input: Withdrawn.schema,
  emits: [Withdrawn],
  refuses: [TooLittle],
  decide: ({ balance }, data) => (balance < data.amount ? TooLittle({ balance }) : Withdrawn(data)),
})
const system = defineSystem({ name: 'till', commands: [Deposit, Withdraw] })

async function started(data: string, options: StartOptions = {}): Promise<RunningSystem> {
  const { store: open, ...storage } = fileStorage({ dataDir: data, mode: 'run' })
  const audit = { refusals: true, reads: true }
  return startSystem(system, { ...storage, store: await open(), tables: memoryTables(), audit, ...options })
}

/** A deposit, a refused withdrawal of somebody with an unusual name, a conflict, and more deposits. */
async function used(running: RunningSystem, deposits = 0): Promise<void> {
  await running.send(Deposit('1', { amount: 10 }), { actor: 'ann', commandId: 'd1' })
  const reason = '=1+1, "rent"\nof May'
  await running.send(Withdraw('1', { amount: 99 }), { actor: '@bob', commandId: 'w1', metadata: { reason } })
  await running.send(Withdraw('1', { amount: 1 }), { expectedVersion: 7, commandId: 'w2', correlationId: 'visit' })
  await Promise.all(Array.from({ length: deposits }, (_, n) => running.send(Deposit(`more-${n}`, { amount: n }))))
}

async function logOf(options: StartOptions = {}, deposits = 0) {
  const data = temporaryDirectory()
  const running = await started(data, options)
  if (options.proofs) await running.waitFor({ name: '$tree' }, 1)
  await used(running, deposits)
  const keys = options.proofs ? (await running.proofs.latest()).keys : []
  await running.close()
  return { data, keys, audit: (...argv: string[]) => cli(['audit', ...argv, '--data', data]) }
}

test('the trail is told with how each command ended, and why', async () => {
  const { audit } = await logOf()
  const { code, out, err } = await audit()
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/\(\d+ seconds? ago\) {2}accepted {2}Deposit account-1@1 {2}by ann\n {2}position 1, command d1\n/)
  expect(out).toMatch(
    /refused {3}Withdraw account-1@1 {2}by @bob\n {2}TooLittle {2}\{"balance":10\} {2}“=1\+1, "rent"\\u000aof May”/,
  )
  expect(out).toMatch(
    /conflict {2}Withdraw account-1@1\n {2}expected_version .*\n {2}position 2, command w2, request visit\n/,
  )
})

test('filters, order and limit', async () => {
  const { audit } = await logOf()
  const commands = async (...argv: string[]) =>
    ndjson((await audit(...argv, '--json')).out).map(({ commandId }) => commandId)
  expect(await commands('--outcome', 'refused')).toEqual(['w1'])
  expect(await commands('--actor', 'ann')).toEqual(['d1'])
  expect(await commands('--code', 'TooLittle')).toEqual(['w1'])
  expect(await commands('--correlation', 'visit')).toEqual(['w2'])
  expect(await commands('--causation', 'd1')).toEqual(['d1'])
  expect(await commands('--action', 'Withdraw', '--backwards')).toEqual(['w2', 'w1'])
  expect(await commands('--to', 'position:1')).toEqual(['d1'])
  expect(await commands('--stream', 'account-2')).toEqual([])
  const cut = await audit('--limit', '2')
  expect(cut.out).toContain('These are the first 2. There may be more: give --limit, or --backwards for the newest.')
  expect((await audit('--actor', 'eve')).out).toBe('Nothing fits in the audit trail.\n')
})

test('--tree shows each entry under what led to it', async () => {
  const data = temporaryDirectory()
  const running = await started(data)
  await running.send(Deposit('1', { amount: 10 }), { commandId: 'first', correlationId: 'visit' })
  await running.send(Withdraw('1', { amount: 99 }), {
    commandId: 'second',
    correlationId: 'visit',
    causationId: 'first',
  })
  await running.close()
  const audit = (...argv: string[]) => cli(['audit', ...argv, '--data', data])
  const { code, out } = await audit('--correlation', 'visit', '--tree')
  expect(code).toBe(0)
  expect(out).toMatch(
    /^\S+ \(.*\) {2}accepted {2}Deposit account-1@1\n {2}position 1.*\n\n {4}└─ \S+ \(.*\) {2}refused {3}Withdraw .*\n {9}TooLittle .*\n {9}position 2/,
  )
  expect(JSON.parse((await audit('--correlation', 'visit', '--tree', '--json')).out).entries).toHaveLength(2)
  expect((await audit('--tree')).err).toContain('--tree needs --correlation')
})

test('NDJSON is CloudEvents, after one that says what the export is', async () => {
  const { audit, keys } = await logOf({ proofs: { origin: 'till.example/log' } })
  const { code, out } = await audit('--format', 'ndjson')
  expect(code).toBe(0)
  const [head, ...events] = ndjson(out) as [Record<string, unknown>, ...Record<string, unknown>[]]
  const { data, ...about } = head as { data: { from: number; to: number; checkpoint: { size: number; note: string } } }
  expect(about).toMatchObject({
    specversion: '1.0',
    type: 'indelible.audit.export',
    datacontenttype: 'application/json',
  })
  // The key of the tree, a deposit, and the records.
  expect(data).toMatchObject({ from: 1, to: 3, filters: {} })
  expect(openCheckpoint(data.checkpoint.note, keys.map(verifierKey)).size).toBe(data.checkpoint.size)
  expect(events.map(({ type, subject }) => [type, subject])).toEqual([
    ['indelible.audit.operator', '$operator-$tree'],
    ['indelible.audit.accepted', 'account-1'],
    ['indelible.audit.refused', 'account-1'],
    ['indelible.audit.conflict', 'account-1'],
  ])
  expect(events[2]).toMatchObject({
    actor: '@bob',
    commandid: 'w1',
    data: { code: 'TooLittle', input: { amount: 99 } },
  })
  for (const each of events) {
    expect(each).toMatchObject({ specversion: '1.0', source: head.source })
    expect(Object.keys(each).filter((name) => !/^[a-z0-9]{1,20}$/.test(name))).toEqual([])
    expect(Object.entries(each).filter(([name, value]) => name !== 'data' && typeof value !== 'string')).toEqual([])
  }
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map(({ sequence }) => sequence).toSorted())
})

test('CSV is RFC 4180, a spreadsheet calculates nothing of it, and a file beside it says where it comes from', async () => {
  const { audit } = await logOf()
  const file = join(temporaryDirectory(), 'audit.csv')
  const { code, out } = await audit('--format', 'csv', '--out', file)
  expect(code).toBe(0)
  expect(out).toBe(
    `3 entries of positions 1 to 2, without a checkpoint, because the system keeps no Merkle tree.\n  ${file}\n  ${file}-metadata.json\n`,
  )
  const [head, ...rows] = parsedCsv(readFileSync(file, 'utf8'))
  const refused = Object.fromEntries(rows[1]!.map((cell, at) => [head![at], cell]))
  expect(refused).toMatchObject({
    outcome: 'refused',
    actor: "'@bob",
    reason: `'=1+1, "rent"\nof May`,
    details: '{"balance":10}',
    version: '1',
  })
  const { url, tableSchema, notes } = JSON.parse(readFileSync(`${file}-metadata.json`, 'utf8'))
  expect(url).toBe('audit.csv')
  expect(tableSchema.columns.map(({ name }: { name: string }) => name)).toEqual(head)
  expect(notes).toMatchObject([{ from: 1, to: 2, checkpoint: null }])
})

test('Parquet has the range and the checkpoint in its metadata, and many entries', async () => {
  const { audit, keys } = await logOf({ proofs: {} }, 2_500)
  const file = join(temporaryDirectory(), 'audit.parquet')
  expect((await audit('--format', 'parquet', '--out', file)).code).toBe(0)
  const buffer = await asyncBufferFromFile(file)
  const { key_value_metadata: pairs } = await parquetMetadataAsync(buffer)
  const about = Object.fromEntries(pairs!.map(({ key, value }) => [key, value]))
  expect(about).toMatchObject({ 'indelible.from': '1' })
  const { note, size } = JSON.parse(about['indelible.checkpoint']!)
  expect(openCheckpoint(note, keys.map(verifierKey)).size).toBe(size)
  const rows = await parquetReadObjects({ file: buffer })
  expect(rows).toHaveLength(2_504)
  expect(rows.find(({ outcome }) => outcome === 'refused')).toMatchObject({
    at: expect.any(Date),
    action: 'Withdraw',
    actor: '@bob',
    version: 1n,
    details: '{"balance":10}',
    index: 0,
  })
})

test('an empty export is one too', async () => {
  const { audit } = await logOf()
  const file = join(temporaryDirectory(), 'none.parquet')
  expect((await audit('--actor', 'eve', '--format', 'parquet', '--out', file, '--json')).out).toContain('"entries":0')
  expect(await parquetReadObjects({ file: await asyncBufferFromFile(file) })).toEqual([])
})

test.each([
  [['--out', 'f'], '--out needs --format'],
  [['--format', 'csv'], 'needs --out'],
  [['--format', 'xml'], 'Allowed choices are ndjson, csv, parquet'],
  [['--from', 'version:1'], 'a position, or a time'],
  [['--outcome', 'good'], 'Allowed choices'],
])('%j is refused with a sentence that helps', async (argv, why) => {
  const { audit } = await logOf()
  const { code, err } = await audit(...argv)
  expect(code).toBe(2)
  expect(err).toContain(why)
})

test('an export replaces no file, and one that fails leaves none', async () => {
  const { audit } = await logOf()
  const file = join(temporaryDirectory(), 'audit.ndjson')
  expect((await audit('--format', 'ndjson', '--out', file)).code).toBe(0)
  const again = await audit('--format', 'ndjson', '--out', file)
  expect(again.code).toBe(2)
  expect(again.err).toContain('exists already')
  expect((await audit('--format', 'csv', '--out', join(file, 'x'))).code).toBe(1)
  expect(existsSync(`${file}.partial`)).toBe(false)
})

test('a server answers the same, and reads over HTTP are in the trail', async () => {
  const running = await started(temporaryDirectory(), { proofs: {} })
  const server = await serve(running, { host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    await server.close()
    await running.close()
  })
  await used(running)
  await fetch(`${server.url}/streams/account-1`, { headers: { 'x-actor': 'auditor' } })
  const entriesOf = async (...argv: string[]) =>
    ndjson((await cli(['audit', ...argv, '--json', '--url', server.url])).out)
  await expect.poll(() => entriesOf('--actor', 'auditor').then(({ length }) => length)).toBe(1)
  const outcomes = (await entriesOf('--stream', 'account-1')).map(({ outcome }) => outcome)
  expect(outcomes).toEqual(['accepted', 'refused', 'conflict', 'read'])
  expect(await entriesOf('--outcome', 'read', '--actor', 'auditor')).toMatchObject([
    { action: 'readStream', stream: 'account-1', input: { stream: 'account-1' } },
  ])
  const correlation = ['--correlation', 'visit', '--tree', '--json', '--url', server.url]
  expect(ndjson((await cli(['audit', ...correlation])).out)[0]).toMatchObject({ entries: [{ depth: 0 }] })
  // The first checkpoint comes when the tree has met the first events.
  await running.waitFor({ name: '$tree' }, (await running.store.head()).position)
  const file = join(temporaryDirectory(), 'audit.ndjson')
  expect((await cli(['audit', '--format', 'ndjson', '--out', file, '--url', server.url])).code).toBe(0)
  expect(readFileSync(file, 'utf8')).toContain('"checkpoint":{"size":')
})

/** RFC 4180, by hand. */
function parsedCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
