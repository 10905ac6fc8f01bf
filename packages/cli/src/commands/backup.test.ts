import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { append, appendHistory, appendSegments } from '../../test/append.ts'
import { cli, ended, ndjson, startAppending, temporaryDirectory } from '../../test/support.ts'

const deposit = { stream: 'account-1', type: 'FundsDeposited', data: { amount: 1 } } as const

test('backup copies the log, the next time only what is new, and says so', async () => {
  const dataDir = temporaryDirectory()
  await appendSegments(dataDir)
  const to = join(temporaryDirectory(), 'copy')
  const shown = async () => {
    const { code, out, err } = await cli(['backup', to, '--data', dataDir])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    return out.replaceAll(/\d{4}-\d\d-\d\dT\S+Z/g, 'TIME').replaceAll(/[\d.]+ (bytes|[KM]iB|s\b)/g, 'SIZE')
  }
  const first = 'The backup is complete. The copied data was checked, and read back from the disk.\n\n'
  expect(await shown()).toBe(
    `${first}  ${to}/log\n  SIZE copied in 4 segments, in SIZE\n  SIZE in total\n  last event at position 8, recorded TIME\n`,
  )
  expect(await shown()).toContain('\n  nothing new, in SIZE; 4 segments already there\n')
  await append(dataDir, [deposit])
  expect(await shown()).toContain('\n  SIZE copied in 1 segment, in SIZE; 3 segments already there\n')
  for (const command of ['verify', 'stat', 'read']) expect((await cli([command, '--data', to])).code).toBe(0)
  expect((await cli(['verify', '--data', to])).out).toContain('9 events in 9 commits')
})

test('a copy of the backup restores the log', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const [to, restored] = [temporaryDirectory(), temporaryDirectory()]
  await cli(['backup', to, '--data', dataDir])
  cpSync(join(to, 'log'), join(restored, 'log'), { recursive: true })
  await append(restored, [deposit])
  expect((await cli(['read', '--data', restored, '--json'])).out.split('\n')).toHaveLength(8)
})

test('--json gives every number in one line', async () => {
  const dataDir = temporaryDirectory()
  await appendSegments(dataDir)
  const to = temporaryDirectory()
  expect(ndjson((await cli(['backup', to, '--data', dataDir, '--json'])).out)).toEqual([
    {
      from: join(dataDir, 'log'),
      to: join(to, 'log'),
      head: 8,
      recordedAt: expect.stringMatching(/Z$/),
      segmentsCopied: 4,
      segmentsSkipped: 0,
      bytesCopied: expect.any(Number),
      bytesTotal: expect.any(Number),
      indexesCopied: 3,
      ms: expect.any(Number),
    },
  ])
})

test('shows progress on a terminal only', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  expect((await cli(['backup', temporaryDirectory(), '--data', dataDir], { columns: 80 })).err).toMatch(
    /Copying ━+ 100%/,
  )
})

test('works while another process writes', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const writing = ended(startAppending(dataDir, { count: 200, pauseMs: 2 }))
  const to = temporaryDirectory()
  for (let run = 0; run < 5; run++) {
    expect((await cli(['backup', to, '--data', dataDir])).code).toBe(0)
    expect((await cli(['verify', '--data', to])).code).toBe(0)
  }
  expect(await writing).toMatchObject({ code: 0 })
  const [{ head } = {}] = ndjson((await cli(['backup', to, '--data', dataDir, '--json'])).out)
  expect(head).toBe(206)
})

describe('it refuses', () => {
  test('a directory that holds something else, with 1', async () => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    const other = temporaryDirectory()
    await appendHistory(other)
    const another = await cli(['backup', other, '--data', dataDir])
    expect(another).toMatchObject({ code: 1, out: '' })
    expect(another.err).toMatch(
      /^error: \S+\/log holds another log\. Back up to an empty directory\. Nothing was changed\.\n$/,
    )
    const full = temporaryDirectory()
    mkdirSync(join(full, 'log'))
    writeFileSync(join(full, 'log', 'notes.txt'), 'mine')
    expect((await cli(['backup', full, '--data', dataDir])).err).toContain('holds files that are not a log')
    expect((await cli(['backup', dataDir, '--data', dataDir])).err).toContain('is the log itself')
  })

  test('a missing log, with 3, and leaves nothing behind', async () => {
    const to = join(temporaryDirectory(), 'copy')
    expect((await cli(['backup', to, '--data', temporaryDirectory()])).code).toBe(3)
    expect(existsSync(to)).toBe(false)
  })
})
