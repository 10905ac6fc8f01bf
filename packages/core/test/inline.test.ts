// A projection that is declared inline, over stores that cannot write rows and events together: the answer to a command waits for the table.
import { aggregate, defineSystem, event, integer, projection, type ReadTables, startSystem, text } from 'indelible'
import { memoryTables } from 'indelible/memory'
import { describeSystem } from 'indelible/schema'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const Counted = event('Counted', z.object({ by: z.int() }))
const counter = aggregate('counter', { initialState: 0 }).on(Counted, (sum, { by }) => sum + by)
const Count = counter.command('Count', {
  input: z.object({ by: z.int() }),
  emits: [Counted],
  decide: (_sum, input) => Counted(input),
})
const columns = { id: text().key(), sum: integer() }

function counts(name: string, inline: boolean) {
  return projection(name, { table: columns, inline }).on(
    Counted,
    { initial: ({ id }) => ({ id: id!, sum: 0 }) },
    (row, { by }) => {
      if (by === 13) throw new Error('No thirteen.')
      return { ...row, sum: row.sum + by }
    },
  )
}

const inline = counts('inline_counts', true)
const other = counts('other_counts', false)
const system = defineSystem({ name: 'counters', commands: [Count], projections: [inline, other] })

/** Every save takes this long. */
function slowTables(ms: number): ReadTables {
  const tables = memoryTables()
  const save: ReadTables['save'] = async (change) => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return await tables.save(change)
  }
  return { ...tables, save }
}

function started(tables: ReadTables) {
  const running = startSystem(system, { tables })
  onTestFinished(() => running.close())
  return running
}

test('whoever gets the answer to a command finds its events in the table', async () => {
  const running = started(slowTables(30))
  for (let sum = 1; sum <= 5; sum++) {
    await running.send(Count('a', { by: 1 }))
    expect(await running.select(inline)).toEqual([{ id: 'a', sum }])
  }
})

test('another projection does not make a command wait', async () => {
  const running = started(slowTables(30))
  await running.consumers.pause(other)
  expect(await running.send(Count('a', { by: 1 }))).toMatchObject({ status: 'accepted', position: expect.any(Number) })
  expect(await running.select(inline)).toEqual([{ id: 'a', sum: 1 }])
  expect(await running.select(other)).toEqual([])
})

test('a command is carried out although its inline projection is parked', async () => {
  const running = started(memoryTables())
  await running.send(Count('a', { by: 13 }))
  const outcome = await running.send(Count('a', { by: 1 }))
  expect(outcome).toMatchObject({ status: 'accepted', position: 2 })
  expect(await running.consumers.show(inline)).toMatchObject({ state: 'parked' })
})

test('it is told of in the description of the system', () => {
  expect(describeSystem(system).projections.map(({ name, inline }) => [name, inline])).toEqual([
    ['inline_counts', true],
    ['other_counts', false],
  ])
})
