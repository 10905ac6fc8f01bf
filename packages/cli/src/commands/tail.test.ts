import { describe, expect, test } from 'vitest'
import { append, appendHistory, appendReserved } from '../../test/append.ts'
import { bin, cli, ended, ndjson, start, startAppending, temporaryDirectory } from '../../test/support.ts'

async function positions(dataDir: string, ...argv: string[]): Promise<unknown[]> {
  const { code, out, err } = await cli(['tail', '--data', dataDir, '--json', ...argv])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return ndjson(out).map(({ position }) => position)
}

describe('tail ends by itself', () => {
  test('with --until at a position that exists', async () => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    expect(await positions(dataDir, '--until', '6')).toEqual([1, 2, 3, 4, 5, 6])
    expect(await positions(dataDir, '-n', '2', '--until', '6')).toEqual([5, 6])
    expect(await positions(dataDir, '-n', '2', '--until', '4')).toEqual([3, 4])
    expect(await positions(dataDir, '-n', '0', '--until', '6')).toEqual([])
    expect(await positions(dataDir, '--after', '2', '--until', '4')).toEqual([3, 4])
    expect(await positions(dataDir, 'account-2', '--after', '0', '--until', '5')).toEqual([3])
    expect(await positions(dataDir, 'account-9', '--until', '6')).toEqual([])
  })

  test('with --limit after that many events', async () => {
    const dataDir = temporaryDirectory()
    await appendHistory(dataDir)
    expect(await positions(dataDir, '--after', '1', '--limit', '3')).toEqual([2, 3, 4])
    expect(await positions(dataDir, 'account-1', '-n', '2', '--limit', '2')).toEqual([2, 4])
    expect(await positions(dataDir, '-n', '4', '--limit', '2')).toEqual([3, 4])
  })
})

test('shows reserved events on request, or if they are named', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  await appendReserved(dataDir)
  expect(await positions(dataDir, '-n', '2', '--until', '8')).toEqual([5, 6])
  expect(await positions(dataDir, '-n', '2', '--reserved', '--until', '8')).toEqual([7, 8])
  expect(await positions(dataDir, '--after', '5', '--until', '8')).toEqual([6])
  expect(await positions(dataDir, '--after', '5', '--reserved', '--until', '8')).toEqual([6, 7, 8])
  expect(await positions(dataDir, '$saga.move-1', '--after', '0', '--until', '8')).toEqual([7, 8])
})

test('follows the events of another process, without gaps or duplicates', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  // Listen from the start, because it may end before the commands that follow it.
  const writing = ended(startAppending(dataDir, { count: 60, pauseMs: 5 }))
  const tails = [
    ended(start([bin, 'tail', '--data', dataDir, '-n', '2', '--until', '66', '--json'])),
    cli(['tail', 'account-1', '--data', dataDir, '--after', '0', '--limit', '63', '--json']),
  ]
  const [last, account] = await Promise.all(tails)
  expect(await writing).toMatchObject({ code: 0, err: '' })

  const seen = ndjson(last!.out).map(({ position }) => Number(position))
  expect(seen).toEqual(Array.from(seen, (_, index) => seen[0]! + index))
  expect(seen.at(-1)).toBe(66)
  expect(ndjson(account!.out).map(({ version }) => version)).toEqual(
    Array.from({ length: 63 }, (_, index) => index + 1),
  )
})

test('waits while there is nothing, and ends with 0 when it is stopped', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const stop = new AbortController()
  const waiting = cli(['tail', 'account-9', '--data', dataDir], { signal: stop.signal })
  setTimeout(() => stop.abort(), 300)
  expect(await waiting).toEqual({ code: 0, out: '', err: '' })
})

test('says on a terminal that it waits, if the log is empty', async () => {
  const dataDir = temporaryDirectory()
  await append(dataDir, [])
  const stop = new AbortController()
  const waiting = cli(['tail', '--data', dataDir], { signal: stop.signal, columns: 80 })
  setTimeout(() => stop.abort(), 300)
  expect(await waiting).toEqual({ code: 0, out: '', err: 'The log is empty. Waiting for events; Ctrl-C ends.\n\n' })
})
