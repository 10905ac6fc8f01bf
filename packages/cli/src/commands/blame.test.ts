import { expect, test } from 'vitest'
import { appendHistory } from '../../test/append.ts'
import { cli, configFile, temporaryDirectory } from '../../test/support.ts'

async function ask(...argv: string[]) {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  return await cli([...argv, '--config', configFile, '--data', dataDir])
}

test('blame tells who set a field, when, and what it was before', async () => {
  const { code, out, err } = await ask('blame', 'account', '1', 'balance')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(
    /^account-1\n\nbalance {2}100 → 70\n {2}\S+Z \(\d+ seconds? ago\).*\n {4}FundsWithdrawn account-1@3, position 4/,
  )
})

test('history tells every change of a field, for programs as JSON', async () => {
  const { out } = await ask('history', 'account', '1', 'balance', '--json')
  const { of, changes } = JSON.parse(out)
  expect([of, changes]).toMatchObject([
    'account-1',
    [
      { field: 'balance', before: 0, after: 100, cause: { event: 'FundsDeposited', version: 2 } },
      { field: 'balance', before: 100, after: 70, cause: { event: 'FundsWithdrawn', version: 3, isLate: true } },
    ],
  ])
  expect((await ask('history', 'account', '1')).out).toMatch(/late correction/)
})

test('diff tells what differs between two points, and the events between them', async () => {
  const { code, out } = await ask('diff', 'account', '1', '--from', 'version:1', '--to', 'version:2')
  expect(code).toBe(0)
  expect(out).toMatch(
    /^account-1 from version 1 \(version:1\) to version 2 \(version:2\)\n\n {2}balance {2}0 → 100\n\n1 event between them:\n\n\+ /,
  )
  const { changes } = JSON.parse((await ask('diff', 'account', '1', '--from', 'position:3', '--json')).out)
  expect(changes).toEqual([{ field: 'balance', before: 100, after: 70 }])
  expect((await ask('diff', 'account', '1', '--from', 'version:3')).out).toContain('Nothing differs.')
})

test('rows of a read table have the same', async () => {
  const { out } = await ask('diff', '--table', 'balances', '--from', 'position:1', '--json')
  const { added, removed, changed } = JSON.parse(out)
  expect([added.length, removed, changed]).toMatchObject([1, [], [{ key: { account_id: '1' } }]])
  expect((await ask('diff', '--table', 'balances', '--from', 'position:1')).out).toMatch(
    /^1 row added, 0 removed, 1 changed\.\n/,
  )
  const { fields } = JSON.parse((await ask('blame', '--table', 'balances', '1', 'owner', '--json')).out)
  expect(fields).toMatchObject([{ field: 'owner', value: 'ann', cause: { event: 'AccountOpened', position: 1 } }])
})

test.each([
  [['blame', 'account', '404'], 3, /No event has set anything of "account-404"/],
  [['blame', 'account', '1', 'nothing'], 3, /No event has set "nothing" of "account-1"/],
  [['history', 'ledger', '1'], 2, /declares no aggregate "ledger"/],
  [['blame', '--table', 'ledger', '1'], 2, /declares no read table "ledger"/],
  [['blame', '--table', 'balances', '1', '--version', '1'], 2, /A row has no version/],
  [['diff', 'account', '1', '--from', 'noon'], 2, /--from: "noon" is no point of history/],
  [['diff', 'account', '--from', 'version:1'], 2, /Give the id of the aggregate/],
  [['diff', '--table', 'balances', '--from', 'version:1'], 2, /A read table has no versions/],
  [['diff', 'account', '1'], 2, /'--from <point>'/],
] as const)('%j is refused with a sentence that helps', async (argv, code, message) => {
  const answer = await ask(...argv)
  expect([answer.code, answer.out]).toEqual([code, ''])
  expect(answer.err).toMatch(message)
})
