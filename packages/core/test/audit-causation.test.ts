// What one request set in motion, as a tree across sagas.
import { startSystem } from 'indelible'
import { causationOf } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { patience } from './patience.ts'
import { AskMove, moveSaga, PayIn, startTills, tills } from './till.ts'

const shown = async (store: Parameters<typeof causationOf>[0], id: string) =>
  (await causationOf(store, id)).entries.map(
    ({ entry: { outcome, action, stream }, cause, depth }) =>
      `${'  '.repeat(depth)}${outcome} ${action} ${stream} ${cause}`,
  )

test('the commands of a saga are under the command that started it, also one that was refused', async () => {
  const running = startTills({ audit: { refusals: true } })
  await running.send(PayIn('a', { amount: 10 }))
  await running.send(AskMove('m', { from: 'a', to: 'closed', amount: 4 }), { correlationId: 'visit' })
  await running.waitForSaga(moveSaga, 'm', patience)
  await expect.poll(() => shown(running.store, 'visit')).toContainEqual(expect.stringContaining('refused'))
  const [root, ...below] = await shown(running.store, 'visit')
  expect(root).toBe('accepted AskMove move-m null')
  // Within a millisecond they have no order.
  expect(below.sort()).toEqual([
    '  accepted PayIn till-a 0',
    '  accepted Take till-a 0',
    '  refused PayIn till-closed 0',
  ])
  expect(await shown(running.store, 'nothing')).toEqual([])
  await running.close()
})

test('commands that are said to have led to each other are told all the same', async () => {
  const store = memoryStore()
  const running = startSystem(tills, { store })
  const by = { correlationId: 'c' }
  await running.send(PayIn('a', { amount: 1 }), { ...by, commandId: 'one', causationId: 'two' })
  await running.send(PayIn('b', { amount: 1 }), { ...by, commandId: 'two', causationId: 'one' })
  await running.send(PayIn('a', { amount: 2 }), { ...by, commandId: 'three', causationId: 'two' })
  const { entries, isComplete } = await causationOf(store, 'c')
  expect(entries.map(({ entry, depth }) => [entry.commandId, depth])).toEqual([
    ['one', 0],
    ['two', 1],
    ['three', 2],
  ])
  expect(isComplete).toBe(true)
  await running.close()
})
