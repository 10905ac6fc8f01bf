// The drawing of a saga: every kind of node, and the arrows forward and back.
import { defineSystem, saga } from 'indelible'
import { describeSystem, mermaidOf, sagaDiagram } from 'indelible/schema'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, Sign, Signed, Tear, Withdraw, Withdrawn, Write, writing } from './notebook.ts'

const last = { command: Write, to: () => 'a', input: () => ({ word: 'end' }) }
const child = saga('child', { startsOn: Withdrawn }).step('write', writing('c', 'child'))
const all = saga('all', { startsOn: [Asked, Signed], cancelsOn: Withdrawn, onCompleted: last, onCompensated: last })
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
    right: (flow) => flow.awaitEvent('signature', Signed, { within: '30m' }),
  })
  .choose('how', () => 'plain', {
    plain: (flow) => flow,
    signed: (flow) => flow.awaitEvent('again', Signed, { within: '2d', otherwise: 'continue' }),
  })
  .ask('approve', { owner: () => 'x', question: () => '"Yes"?', decision: z.boolean(), within: 'forever' })
  .child('child', { saga: child, id: () => 'c', data: () => ({ why: '' }), compensate: { ...last, command: Tear } })
  .sleep('until', { until: () => '2030-01-01T00:00:00Z' as never })
  .step('end', last)

const description = describeSystem(
  defineSystem({ name: 'notebook', commands: [Write, Tear, Ask, Sign, Withdraw], sagas: [child, all] }),
)
const drawn = (name: string) =>
  mermaidOf(sagaDiagram(description.sagas.find((each) => each.name === name)!, JSON.parse(JSON.stringify(description))))

test('every kind of node is drawn, with its limits, its ways on and what takes it back', () => {
  expect(drawn('all')).toMatchSnapshot()
})

test('what nothing leads to is not drawn', () => {
  expect(drawn('child')).not.toContain('Tear')
  expect(drawn('child')).toContain('compensated')
})

test('text that has a meaning in Mermaid is written as entities', () => {
  const [saga] = description.sagas
  const drawn = mermaidOf(sagaDiagram({ ...saga!, startsOn: ['<b>"x"&#'] }, description))
  expect(drawn).toContain('["#60;b#62;#34;x#34;#38;#35;"]')
})
