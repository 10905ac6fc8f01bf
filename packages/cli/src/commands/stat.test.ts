import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { append, appendHistory } from '../../test/append.ts'
import { cli, ndjson, temporaryDirectory } from '../../test/support.ts'

test('shows what is in the log', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { code, out, err } = await cli(['stat', '--data', dataDir])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out.replaceAll(/\d{4}-\d\d-\d\dT\S+Z/g, 'TIME').replaceAll(/[\d.]+ (bytes|[KM]iB)/g, 'SIZE')).toBe(
    `Log       ${dataDir}/log
Events    6 events in 6 commits over 3 streams
Recorded  TIME to TIME
Size      SIZE in 1 segment

Event types
  AccountOpened   2
  FundsDeposited  2
  FundsWithdrawn  1
  ParcelSent      1

Segments
  00000001.log  SIZE  6 events
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
      segments: [{ file: '00000001.log', bytes: expect.any(Number), commits: 6, events: 6 }],
      bytes: expect.any(Number),
      commits: 6,
      events: 6,
      streams: 3,
      eventTypes: expect.arrayContaining([{ type: 'AccountOpened', count: 2 }]),
      firstRecordedAt: expect.stringMatching(/Z$/),
      lastRecordedAt: expect.stringMatching(/Z$/),
    },
  ])
})

test('an empty log is a log, an empty directory is none', async () => {
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
