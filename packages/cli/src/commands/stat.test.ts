import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { append, appendHistory, appendSegments } from '../../test/append.ts'
import { cli, ndjson, temporaryDirectory } from '../../test/support.ts'

test('stat shows what is in the log', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { code, out, err } = await cli(['stat', '--data', dataDir])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const [numbers, times] = out.split(/(?<=Durable writes\n)/)
  expect(times).toMatch(
    /^( +to [\d.]+ (us|ms|s) +\d+( {2}━+)?\n)+ {2}6 since \S+Z\n {2}50% within .+, 99% within .+, all within .+\n$/,
  )
  expect(numbers!.replaceAll(/\d{4}-\d\d-\d\dT\S+Z/g, 'TIME').replaceAll(/[\d.]+ (bytes|[KM]iB)/g, 'SIZE')).toBe(
    `Log       ${dataDir}/log
Events    6 events in 6 commits over 3 streams
Recorded  TIME to TIME
Size      SIZE in 1 segment
Index     none yet
Columns   none yet

Event types
  AccountOpened   2
  FundsDeposited  2
  FundsWithdrawn  1
  ParcelSent      1

Segments
  00000001.log  SIZE  6 events  no index

Durable writes
`,
  )
})

test('--json gives every number in one line', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { out } = await cli(['stat', '--data', dataDir, '--json'])
  expect(ndjson(out)).toEqual([
    {
      dir: join(dataDir, 'log'),
      segments: [
        { file: '00000001.log', bytes: expect.any(Number), commits: 6, events: 6, indexBytes: null, columnBytes: null },
      ],
      bytes: expect.any(Number),
      commits: 6,
      events: 6,
      streams: 3,
      eventTypes: expect.arrayContaining([{ type: 'AccountOpened', count: 2 }]),
      firstRecordedAt: expect.stringMatching(/Z$/),
      lastRecordedAt: expect.stringMatching(/Z$/),
      indexes: { count: 0, bytes: 0 },
      columns: { count: 0, bytes: 0 },
      syncs: {
        since: expect.stringMatching(/Z$/),
        count: 6,
        classes: expect.arrayContaining([{ microsecondsMax: 16, count: expect.any(Number) }]),
        p50Microseconds: expect.any(Number),
        p99Microseconds: expect.any(Number),
        maxMicroseconds: expect.any(Number),
      },
    },
  ])
})

test('stat shows the size of the index, and a histogram of the durations of durable writes', async () => {
  const dataDir = temporaryDirectory()
  await appendSegments(dataDir)
  const ofClass = (microsecondsMax: number | null, count: number) => ({ microsecondsMax, count })
  const classes = [
    ofClass(16, 0),
    ofClass(512, 3),
    ofClass(1024, 1200),
    ofClass(2048, 0),
    ofClass(4096, 40),
    ofClass(null, 1),
  ]
  const syncs = { since: '2026-11-23T00:00:00.000Z', count: 1244, classes }
  writeFileSync(join(dataDir, 'log', 'syncs.json'), JSON.stringify(syncs))
  const { out } = await cli(['stat', '--data', dataDir])
  expect(out).toMatch(/\nIndex {5}\S+ KiB in 3 files\n/)
  expect(out).toMatch(/\n {2}00000001\.log {2}\d+ bytes {2}2 events {2}index \S+ KiB\n/)
  expect(out.slice(out.indexOf('Durable writes'))).toBe(`Durable writes
  to 512 us      3  ━
  to 1.0 ms  1,200  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
  to 2.0 ms      0
  to 4.1 ms     40  ━
     longer      1  ━
  1,244 since 2026-11-23T00:00:00.000Z
  50% within 1.0 ms, 99% within 4.1 ms, all within an unknown time
`)
})

test('an empty log is shown; an empty directory is not a log', async () => {
  const dataDir = temporaryDirectory()
  await append(dataDir, [])
  expect((await cli(['stat', '--data', dataDir])).out).toContain('Recorded  nothing yet\n')
  mkdirSync(join(dataDir, 'empty', 'log'), { recursive: true })
  expect(await cli(['stat', '--data', join(dataDir, 'empty')])).toEqual({
    code: 3,
    out: '',
    err: `error: There is no log in ${dataDir}/empty/log.\n`,
  })
})
