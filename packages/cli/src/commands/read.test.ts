import { beforeAll, describe, expect, test } from 'vitest'
import { append, appendHistory } from '../../test/append.ts'
import { cli, ndjson, temporaryDirectory } from '../../test/support.ts'

async function positions(dataDir: string, ...argv: string[]): Promise<unknown[]> {
  const { code, out, err } = await cli(['read', '--data', dataDir, '--json', ...argv])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return ndjson(out).map(({ position }) => position)
}

test('prints an event a line, whole where there is no terminal', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { code, out } = await cli(['read', '--data', dataDir])
  expect(code).toBe(0)
  expect(out.replaceAll(/\d{4}-\d\d-\d\dT\S+Z/g, 'TIME')).toBe(
    [
      '1  TIME  account-1@1  AccountOpened   {"owner":"ann"}',
      '2  TIME  account-1@2  FundsDeposited  {"amount":100}',
      '3  TIME  account-2@1  AccountOpened   {"owner":"bob"}',
      '4  TIME  account-1@3  FundsWithdrawn  {"amount":30}',
      '5  TIME  parcel-7@1   ParcelSent      {"to":"Zürich"}',
      '6  TIME  account-2@2  FundsDeposited  {"amount":5}',
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
