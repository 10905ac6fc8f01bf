// A read table as of a point of history, kept beside the live one.
import type { RunningSystem } from 'indelible'
import { expect, test } from 'vitest'
import { patience } from './patience.ts'
import { PayIn, startTills, tillTable } from './till.ts'

const past = { ...tillTable.table, name: 'tills__past' }

async function paid(): Promise<RunningSystem> {
  const running = startTills({})
  for (const [id, amount] of [
    ['a', 5],
    ['b', 7],
    ['a', 9],
  ] as const)
    await running.send(PayIn(id, { amount }))
  await running.waitFor(tillTable, 3, patience)
  return running
}

test('the table as of a point stands beside the live one, and the next takes its place', async () => {
  await using running = await paid()
  expect(await running.keepPastTable(tillTable, { asOf: { position: 2 } })).toEqual({
    table: 'tills__past',
    rows: 2,
    position: 2,
  })
  const rows = (table: typeof past) => running.tables.select(table, { orderBy: { till: 'asc' } })
  expect(await rows(past)).toEqual([
    { till: 'a', cash: 5 },
    { till: 'b', cash: 7 },
  ])
  expect(await rows(tillTable.table)).toEqual([
    { till: 'a', cash: 9 },
    { till: 'b', cash: 7 },
  ])
  await running.keepPastTable(tillTable, { asOf: { position: 1 } })
  expect(await rows(past)).toEqual([{ till: 'a', cash: 5 }])
  await running.keepPastTable(tillTable, { asOf: { position: 0 } })
  expect(await rows(past)).toEqual([])
  await running.dropPastTable(tillTable)
  expect((await running.tables.list()).map(({ name }) => name)).toEqual(['tills'])
})

test('a rebuild leaves the table of the past as it is', async () => {
  await using running = await paid()
  await running.keepPastTable(tillTable, { asOf: { position: 1 } })
  await running.rebuild(tillTable)
  expect(await running.tables.select(past)).toEqual([{ till: 'a', cash: 5 }])
})

test('a point that the log does not have, and a projection that is not declared, are refused', async () => {
  await using running = await paid()
  await expect(running.keepPastTable(tillTable, { asOf: { position: 99 } })).rejects.toMatchObject({
    code: 'invalid_position',
  })
  await expect(running.keepPastTable({ name: 'nothing' }, { asOf: { position: 1 } })).rejects.toMatchObject({
    code: 'unknown_projection',
  })
})
