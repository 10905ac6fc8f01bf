import { describe, expect, test } from 'vitest'
import { append, appendHistory, appendReserved } from '../../test/append.ts'
import { cli, ndjson, temporaryDirectory } from '../../test/support.ts'

async function positions(dataDir: string, ...argv: string[]): Promise<unknown[]> {
  const { code, out, err } = await cli(['read', '--data', dataDir, '--json', ...argv])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return ndjson(out).map(({ position }) => position)
}

test('prints one event per line, complete if the output is not a terminal', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { code, out } = await cli(['read', '--data', dataDir])
  expect(code).toBe(0)
  expect(out.replaceAll(/\d{4}-\d\d-\d\dT\S+Z/g, 'TIME')).toBe(
    [
      '1  TIME                    account-1@1  AccountOpened   {"owner":"ann"}',
      '2  TIME                    account-1@2  FundsDeposited  {"amount":100}',
      '3  TIME                    account-2@1  AccountOpened   {"owner":"bob"}',
      '4  TIME  valid 2020-01-01  account-1@3  FundsWithdrawn  {"amount":30}',
      '5  TIME                    parcel-7@1   ParcelSent      {"to":"Zürich"}',
      '6  TIME                    account-2@2  FundsDeposited  {"amount":5}',
      '',
    ].join('\n'),
  )
})

test('selects by stream, category, type, tag and position', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  expect(await positions(dataDir)).toEqual([1, 2, 3, 4, 5, 6])
  expect(await positions(dataDir, 'account-1')).toEqual([1, 2, 4])
  expect(await positions(dataDir, 'account-1', '--type', 'FundsDeposited')).toEqual([2])
  expect(await positions(dataDir, '--category', 'parcel')).toEqual([5])
  expect(await positions(dataDir, '--type', 'ParcelSent', '--type', 'AccountOpened')).toEqual([1, 3, 5])
  expect(await positions(dataDir, '--tag', 'cash')).toEqual([2, 6])
  expect(await positions(dataDir, '--tag', 'cash', '--tag', 'owner:ann')).toEqual([2])
  expect(await positions(dataDir, '--from', '2', '--to', '4')).toEqual([2, 3, 4])
  expect(await positions(dataDir, '--from', '2', '--to', '4', '--backwards', '--limit', '2')).toEqual([4, 3])
  expect(await positions(dataDir, '--from', '7')).toEqual([])
})

test('--json prints every event completely, in its readable form', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { out } = await cli(['read', '--data', dataDir, '--json', '--from', '4', '--to', '4'])
  expect(ndjson(out)).toEqual([
    {
      position: 4,
      stream: 'account-1',
      version: 3,
      type: 'FundsWithdrawn',
      schemaVersion: 1,
      data: { amount: 30 },
      metadata: {},
      tags: [],
      recordedAt: expect.stringMatching(/Z$/),
      validAt: '2020-01-01',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    },
  ])
})

test('a stream without events ends with 3; a filter without matches ends with 0', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  expect(await cli(['read', 'account-9', '--data', dataDir])).toEqual({
    code: 3,
    out: '',
    err: 'error: The log has no event of stream "account-9".\n',
  })
  expect(await positions(dataDir, 'account-1', '--type', 'ParcelSent')).toEqual([])
  expect(await positions(dataDir, '--category', 'nothing')).toEqual([])
})

test('shows reserved events on request, or if they are named', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  await appendReserved(dataDir)
  expect(await positions(dataDir)).toEqual([1, 2, 3, 4, 5, 6])
  expect(await positions(dataDir, '--tag', 'cash')).toEqual([2, 6])
  expect(await positions(dataDir, '--reserved', '--from', '5')).toEqual([5, 6, 7, 8])
  expect(await positions(dataDir, '--reserved', '--tag', 'cash')).toEqual([2, 6, 8])
  expect(await positions(dataDir, '$saga.move-1')).toEqual([7, 8])
  expect(await positions(dataDir, '--category', '$saga.move', '--type', '$StepDone')).toEqual([8])
})

describe('the actor and the validity time of an event', () => {
  const by = (actor: string) => ({ metadata: { actor } })
  const events = [
    { stream: 'till-1', type: 'Opened', data: { owner: 'ann' } },
    { stream: 'till-1', type: 'CashPaidIn', data: { amount: 5 }, ...by('ann'), validAt: '2020-01-01' },
    {
      stream: 'till-1',
      type: 'CashTaken',
      data: { amount: 5 },
      ...by('saga:move\u009b'),
      validAt: '2020-01-01T12:00:00Z',
    },
  ] as const
  const lines = async (columns?: number) => {
    const dataDir = temporaryDirectory()
    await append(dataDir, events)
    const { out } = await cli(['read', '--data', dataDir], columns === undefined ? {} : { columns })
    return out.replaceAll(/\d{4}-\d\d-\d\dT\S+\d\dZ(?= {2})|\d\d-\d\d \d\d:\d\d:\d\d/g, (time) =>
      time.startsWith('2020') ? time : 'T',
    )
  }
  const whole = [
    '1  T                              till-1@1  Opened                          {"owner":"ann"}',
    '2  T  valid 2020-01-01            till-1@2  CashPaidIn  by ann              {"amount":5}',
    '3  T  valid 2020-01-01T12:00:00Z  till-1@3  CashTaken   by saga:move\\u009b  {"amount":5}',
    '',
  ].join('\n')

  test('are shown if there is space', async () => {
    expect(await lines()).toBe(whole)
    expect(await lines(140)).toBe(whole)
  })

  test('give up their space to the data: first the actor, then the time', async () => {
    expect(await lines(110)).toBe(
      [
        '1  T                              till-1@1  Opened      {"owner":"ann"}',
        '2  T  valid 2020-01-01            till-1@2  CashPaidIn  {"amount":5}',
        '3  T  valid 2020-01-01T12:00:00Z  till-1@3  CashTaken   {"amount":5}',
        '',
      ].join('\n'),
    )
    expect(await lines(80)).toBe(
      [
        '1  T  till-1@1  Opened      {"owner":"ann"}',
        '2  T  till-1@2  CashPaidIn  {"amount":5}',
        '3  T  till-1@3  CashTaken   {"amount":5}',
        '',
      ].join('\n'),
    )
  })

  test('have no columns if no event has them', async () => {
    const dataDir = temporaryDirectory()
    await append(dataDir, [events[0]])
    expect((await cli(['read', '--data', dataDir])).out).toMatch(
      /^1 {2}\S+ {2}till-1@1 {2}Opened {2}\{"owner":"ann"\}\n$/,
    )
  })
})

describe('on a terminal', () => {
  const uuid = '01a206d3-154d-7000-be70-62ba18539ff1'
  const events = [
    { stream: `transfer-${uuid}`, type: 'TransferRequested', data: { note: '送金 '.repeat(50) } },
    { stream: 'photo-1', type: 'PhotoTaken', data: new Uint8Array(5), contentType: 'image/png' },
    { stream: 'trick-1', type: 'Tricked\u009b2J', data: { text: '\u009b2J\u202e' } },
  ] as const

  test.each([60, 80, 120])('every event fits one line of %i columns', async (columns) => {
    const dataDir = temporaryDirectory()
    await append(dataDir, events)
    const { out } = await cli(['read', '--data', dataDir], { columns })
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
    expect(lines[0]).toMatch(
      columns < 100 ? /transfer-01a2…9ff1@1/ : /transfer-01a206…539ff1@1 {2}TransferRequested {2}\{"note":"送金.*…$/,
    )
  })

  test('--wide cuts nothing', async () => {
    const dataDir = temporaryDirectory()
    await append(dataDir, events)
    const { out } = await cli(['read', '--data', dataDir, '--wide'], { columns: 80 })
    expect(out).toContain(`transfer-${uuid}@1  TransferRequested  ${JSON.stringify(events[0].data)}\n`)
    expect(out).toContain('photo-1@1')
    expect(out).toContain('5 bytes of image/png')
  })

  test.each([[], ['--json']])('no control character in an event reaches the terminal %s', async (...flags) => {
    const dataDir = temporaryDirectory()
    await append(dataDir, events)
    const { out } = await cli(['read', '--data', dataDir, '--wide', ...flags], { columns: 80 })
    expect(out).toContain('"text":"\\u009b2J\\u202e"')
    expect(out).not.toMatch(/[\u0080-\u009f\u202e]/)
  })
})
