import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { appendHistory, appendSegments } from '../../test/append.ts'
import { binary, cli, temporaryDirectory } from '../../test/support.ts'
import { fillTables } from '../../test/tables.ts'

/** Flips one bit of the stored owner "ann"; whole commits follow it. */
function damage(dataDir: string): number {
  const file = join(dataDir, 'log', '00000001.log')
  const bytes = readFileSync(file)
  const at = bytes.indexOf('"ann"')
  bytes[at + 1]! ^= 1
  writeFileSync(file, bytes)
  return at
}

test('verify says what was checked', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { code, out, err } = await cli(['verify', '--data', dataDir])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(
    /^The log is intact\. Every byte was read, every checksum is correct\.\n\n {2}6 events in 6 commits\n/,
  )
  expect(out).toMatch(
    /no index yet, because no segment is sealed\n {2}last event at position 6, recorded \S+Z\n {2}closed properly\n$/,
  )
})

test('verify says how the log ends: an open log, and a log with an incomplete write at its end', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const file = join(dataDir, 'log', '00000001.log')
  const bytes = readFileSync(file)
  writeFileSync(file, bytes.subarray(0, -24))
  expect((await cli(['verify', '--data', dataDir])).out).toContain('not closed')
  writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(100, 7)]))
  expect((await cli(['verify', '--data', dataDir])).out).toContain('ends with an incomplete write')
  expect(JSON.parse((await cli(['verify', '--data', dataDir, '--json'])).out)).toMatchObject({
    ending: 'torn',
    events: 6,
  })
})

test('--json prints one line', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { out } = await cli(['verify', '--data', dataDir, '--json'])
  expect(JSON.parse(out)).toMatchObject({ dir: join(dataDir, 'log'), events: 6, commits: 6, segments: 1, head: 6 })
})

test('shows progress on a terminal only, and removes it at the end', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { out, err } = await cli(['verify', '--data', dataDir], { columns: 80 })
  expect(out).toContain('6 events in 6 commits')
  expect(err).toMatch(/Verifying ━+ 100% {2}\d+ bytes of/)
  expect((await cli(['verify', '--data', dataDir])).err).toBe('')
})

test('the index is checked too; a missing one is reported but is not damage', async () => {
  const dataDir = temporaryDirectory()
  await appendSegments(dataDir)
  expect((await cli(['verify', '--data', dataDir])).out).toContain('\n  3 index files that match the log\n')
  rmSync(join(dataDir, 'log', '00000002.idx'))
  const { code, out } = await cli(['verify', '--data', dataDir])
  expect(code).toBe(0)
  expect(out).toContain('\n  2 index files that match the log, 1 missing: run "indelible index" to build them\n')
  const file = join(dataDir, 'log', '00000001.idx')
  const bytes = readFileSync(file)
  bytes[4100]! ^= 1
  writeFileSync(file, bytes)
  const damaged = await cli(['verify', '--data', dataDir, '--json'])
  expect(damaged).toMatchObject({ code: 4, out: '' })
  expect(JSON.parse(damaged.err)).toMatchObject({
    error: { code: 'index_damaged', details: { dir: join(dataDir, 'log'), file: '00000001.idx', offset: 4100 } },
  })
  expect((await cli(['index', '--data', dataDir])).code).toBe(0)
  expect((await cli(['verify', '--data', dataDir])).out).toContain('\n  3 index files that match the log\n')
})

describe('the read tables of the config', () => {
  const config = fileURLToPath(new URL('../../test/tables.config.ts', import.meta.url))
  const verify = (dataDir: string, ...more: string[]) => cli(['verify', '--data', dataDir, '--config', config, ...more])

  test('are checked for whether they were built from this history', async () => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    expect((await verify(dataDir)).out).toMatch(/\n {2}no read tables yet\n$/)
    await fillTables(dataDir)
    expect((await verify(dataDir)).out).toMatch(/\n {2}2 read tables built from this history\n$/)
  })

  test('make it end with 6 if the log was restored from another copy', async () => {
    const [dataDir, other] = [temporaryDirectory(), temporaryDirectory()]
    await appendHistory(dataDir)
    await fillTables(dataDir)
    await appendHistory(other)
    rmSync(join(dataDir, 'log'), { recursive: true })
    cpSync(join(other, 'log'), join(dataDir, 'log'), { recursive: true })
    const { code, out, err } = await verify(dataDir)
    expect(code).toBe(6)
    expect(out).toMatch(
      /^The log is intact[\s\S]*\n {2}read tables that were built from another history: balances, owners\n$/,
    )
    expect(err).toMatch(
      /^error: Read tables balances, owners were built from another history.*projections rebuild balances\n$/,
    )
    const json = await verify(dataDir, '--json')
    expect(JSON.parse(json.out)).toMatchObject({ events: 6, tables: { diverged: ['balances', 'owners'] } })
    expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'tables_diverged' } })
  })
})

describe('damage ends with 4 and names file and byte', () => {
  test('for a person', async () => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    damage(dataDir)
    const { code, out, err } = await binary(['verify', '--data', dataDir])
    expect({ code, out }).toEqual({ code: 4, out: '' })
    expect(err).toMatch(/^error: In \S+\/log: 00000001\.log is damaged at byte \d+: .*\n$/)
  })

  test('for a program', async () => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    const at = damage(dataDir)
    const { code, err } = await cli(['verify', '--data', dataDir, '--json'])
    expect(code).toBe(4)
    const { error } = JSON.parse(err)
    expect(error).toMatchObject({ code: 'log_corrupt', details: { file: '00000001.log', offset: expect.any(Number) } })
    expect(error.details.offset).toBeLessThanOrEqual(at)
  })

  test.each(['stat', 'read', 'tail', 'backup'])('also in %s, which then prints no result', async (command) => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    damage(dataDir)
    const to = command === 'backup' ? [temporaryDirectory()] : []
    const { code, err } = await cli([command, ...to, '--data', dataDir])
    expect(code).toBe(4)
    expect(err).toMatch(/^error: .*00000001\.log is damaged at byte \d+/)
  })
})

test('an interrupted verify ends with 130, never 0', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { code, out, err } = await cli(['verify', '--data', dataDir], { signal: AbortSignal.abort() })
  expect({ code, out, err }).toEqual({ code: 130, out: '', err: 'error: Interrupted.\n' })
})
