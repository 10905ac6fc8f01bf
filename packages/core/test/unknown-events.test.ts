// Events of types that nobody declares: they stay in the log and are shown, and nothing goes on as if they were not there.
import { aggregate, bigint, defineSystem, event, projection, startSystem, text } from 'indelible'
import { fileStore, verifyLog } from 'indelible/file'
import { auditPage, historyOf, replayDecisions, stateAsOf } from 'indelible/history'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryDirectory } from '../src/file/test-support.ts'
import { parts } from './till.ts'

const Paid = event('Paid', z.object({ cents: z.int() }))
const order = aggregate('order', { initialState: { cents: 0 } }).on(Paid, (state, paid) => ({
  cents: state.cents + paid.cents,
}))
const Pay = order.command('Pay', { input: Paid.schema, emits: [Paid], decide: (_state, paid) => Paid(paid) })
const sums = projection('sums', { table: { id: text().key(), cents: bigint() } }).on(
  Paid,
  { initial: ({ id = '' }) => ({ id, cents: 0 }) },
  (row, { cents }) => ({ ...row, cents: row.cents + cents }),
)
const system = defineSystem({ name: 'shop', commands: [Pay], projections: [sums] })
const unknown = {
  code: 'event_type_unknown',
  message: expect.stringMatching(/^Aggregate "order" does not know "Refunded" \(order-1, position 2\)\. /),
  details: { type: 'Refunded', stream: 'order-1', position: 2 },
}

test('an event of a type that nobody declares is kept and shown; no state is told without it, and tables have what they ask for', async () => {
  const dir = temporaryDirectory()
  const store = await fileStore({ dir })
  await using running = startSystem(system, parts({ store }))
  await running.send(Pay('1', { cents: 5 }))
  await store.append({
    events: [
      { stream: 'order-1', type: 'Refunded', data: { cents: 2 } },
      { stream: 'visit-1', type: 'Visited', data: {} },
    ],
  })
  await running.send(Pay('2', { cents: 7 }))
  const read = (await Array.fromAsync(store.read('all'))).flatMap(({ events }) => events)
  expect(read.map(({ type, data }) => [type, data])).toEqual([
    ['Paid', { cents: 5 }],
    ['Refunded', { cents: 2 }],
    ['Visited', {}],
    ['Paid', { cents: 7 }],
  ])
  // A decision or a state without it could be wrong.
  await expect(running.send(Pay('1', { cents: 1 }))).rejects.toMatchObject(unknown)
  await expect(stateAsOf(store, order, { id: '1' })).rejects.toMatchObject(unknown)
  await expect(historyOf(store, { aggregate: order, id: '1' })).rejects.toMatchObject(unknown)
  expect(await stateAsOf(store, order, { id: '1', asOf: { version: 1 } })).toMatchObject({ state: { cents: 5 } })
  await running.waitFor(sums, 4)
  expect(await running.select(sums)).toEqual([
    { id: '1', cents: 5 },
    { id: '2', cents: 7 },
  ])
  expect(await running.verifyTable(sums)).toMatchObject({ differing: 0 })
  const { entries } = await auditPage(store, { limit: 10 })
  expect(entries.map(({ stream }) => stream)).toEqual(expect.arrayContaining(['order-1', 'visit-1']))
  const decisions = await Array.fromAsync(replayDecisions(store, system))
  expect(decisions.map(({ position, verdict }) => [position, verdict])).toEqual([
    [1, 'same'],
    [2, 'not recorded'],
    [3, 'not recorded'],
    [4, 'same'],
  ])
  await running.close()
  expect(await verifyLog({ dir })).toMatchObject({ events: 4 })
})
