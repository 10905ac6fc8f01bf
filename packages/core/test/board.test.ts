// The board of a system, as data and as Markdown.
import { aggregate, command, decisionModel, defineSystem, event, policy, projection, saga, text } from 'indelible'
import { boardMarkdown, boardOf, describeSystem } from 'indelible/schema'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, Sign, Signed, Tear, Withdraw, Withdrawn, Write, writing } from './notebook.ts'

const last = { command: Write, to: () => 'a', input: () => ({ word: 'end' }) }
const child = saga('child', { startsOn: Withdrawn }).step('write', writing('c', 'child'))
const all = saga('all', { startsOn: [Asked, Signed], cancelsOn: Withdrawn, owner: 'the desk', onCompensated: last })
  .step('first', { ...writing('a', 'x'), timeout: '1m' })
  .step('maybe', { ...last, continueOn: ['Refused'], compensate: 'nothing' })
  .each('lines', {
    over: () => ['a'],
    key: (line) => line,
    atOnce: 2,
    do: (flow) => flow.step('write', writing('a', 'line')),
  })
  .parallel('both', {
    left: (flow) => flow.step('one', writing('l', 'l')).sleep('rest', { for: '1h' }),
    right: (flow) => flow.awaitEvent('signature', Signed, { within: '30m', otherwise: 'continue' }),
  })
  .ask('approve', { owner: () => 'x', question: () => '?', decision: z.boolean(), within: 'forever' })
  .child('child', { saga: child, id: () => 'c', data: () => ({ why: '' }), compensate: { ...last, command: Tear } })

const Moved = event(
  'House moved',
  z.object({
    to: z.object({ street: z.string(), lines: z.array(z.object({ text: z.string().nullable() })) }),
    how: z.enum(['by car', 'walking']).optional(),
    sizes: z.array(z.int()),
  }),
  { description: 'A <b>house</b> *moved*.\n- Or not.', personal: ['to.lines'], tags: {} },
)
const house = aggregate('house', { initialState: {}, description: '1. A house.' }).on(Moved, (state) => state)
const Move = house.command('Move', {
  input: Moved.schema,
  emits: [Moved],
  refuses: ['TooHeavy'],
  decide: (_state, moved) => Moved(moved),
})
const Counted = event('Counted', z.object({ by: z.string() }), { tags: { by: 'by' } })
const counts = decisionModel('counts', { initialState: 0, tags: ['by'] }).on(Counted, (n) => n + 1)
const Count = command('Write', {
  category: 'counting',
  input: z.object({ by: z.string() }),
  emits: [Counted],
  consults: { counts: counts.by({ by: 'by' }) },
  decide: (_state, { by }) => Counted({ by }),
})
const moves = projection('moves', { table: { id: text().key(), note: text().nullable() }, history: true }).write(
  Moved,
  (_data, { streamId }) => ({ id: streamId, note: null }),
)
const board = boardOf(
  describeSystem(
    defineSystem({
      name: 'notebook',
      commands: [Write, Tear, Ask, Sign, Withdraw, Move, Count],
      sagas: [child, all],
      projections: [moves],
      policies: [policy('tidy', { sends: [Tear] }).on(Moved, () => undefined)],
    }),
  ),
)

test('says all that a declaration says of who decides, what happens and who listens', () => {
  expect(boardMarkdown(board)).toMatchSnapshot()
})

test('has each event in one lane', () => {
  const names = board.lanes.flatMap(({ events }) => events.map(({ name }) => name))
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted())
  expect(names).toContain('House moved')
})
