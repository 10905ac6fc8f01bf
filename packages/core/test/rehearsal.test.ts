import { refuse, saga } from 'indelible'
import { rehearse } from 'indelible/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Asked, Refused, Signed, Withdrawn, Write, Written, writing } from './notebook.ts'

const asked = Asked({ words: ['x'] })
const contract = saga('contract', { startsOn: Asked, cancelsOn: Withdrawn })
  .step('draft', {
    ...writing('a', 'draft'),
    answer: ([event]) => event!.data.word,
    timeout: '1m',
  })
  .awaitEvent('signature', Signed, { within: '30d' })
  .ask('check', {
    owner: () => 'ada',
    question: () => 'Well?',
    decision: z.boolean(),
    within: '2d',
    otherwise: 'continue',
  })
  .step('end', {
    command: Write,
    to: () => 'a',
    input: (_data, { answers }) => ({ word: `${answers.draft} ${answers.signature.by} ${answers.check}` }),
  })

test('a rehearsal shows what a saga sends and how it handles the answers, to its end', () => {
  const run = rehearse(contract, asked)
  expect(run.sends).toEqual({ draft: { type: 'Write', category: 'page', id: 'a', input: { word: 'draft' } } })
  run.done('draft', [Written({ word: 'first' })])
  expect(run.state.waiting).toMatchObject([{ step: 'signature', for: 'event', until: '2026-01-31T00:00:00.000Z' }])
  run.happens(Signed({ by: 'bob' })).decides('check', true)
  expect(run.sends).toMatchObject({ end: { input: { word: 'first bob true' } } })
  expect(run.done('end').state.status).toBe('completed')
})

test('a rehearsal skips waiting times', () => {
  const late = rehearse(contract, asked)
    .done('draft', [Written({ word: 'x' })])
    .passes('29d')
  expect(late.state.status).toBe('running')
  late.passes('1d')
  expect(late.state).toMatchObject({ status: 'compensating', failure: { step: 'signature', reason: 'TimedOut' } })
  expect(late.sends).toMatchObject({ draft: { type: 'Tear', input: { word: 'draft' } } })
  expect(late.done('draft').state.status).toBe('compensated')

  const slow = rehearse(contract, asked).passes('1m')
  expect(slow.state).toMatchObject({ status: 'compensated', failure: { step: 'draft', reason: 'TimedOut' } })
  const silent = rehearse(contract, asked)
    .done('draft', [Written({ word: 'x' })])
    .happens(Signed({ by: 'bob' }))
    .passes('2d')
  expect(silent.sends).toMatchObject({ end: { input: { word: 'x bob undefined' } } })
})

test('a rehearsal covers refusals, refused compensations and cancelling', () => {
  expect(rehearse(contract, asked).refused('draft', Refused({ word: 'draft' })).state).toMatchObject({
    status: 'compensated',
    failure: { step: 'draft', reason: 'Refused', details: { word: 'draft' } },
  })
  const stuck = rehearse(contract, asked)
    .done('draft', [Written({ word: 'x' })])
    .happens(Withdrawn({ why: 'No.' }))
  expect(stuck.state).toMatchObject({ status: 'compensating', failure: { reason: 'Withdrawn' } })
  expect(stuck.refused('draft', refuse('Refused')).state.status).toBe('compensationFailed')
})

test('a rehearsal reports what cannot happen, and code that is not pure', () => {
  const run = rehearse(contract, asked)
  expect(() => run.done('end')).toThrow('step "end" has sent nothing that awaits an answer; these have: draft')
  expect(() => run.decides('check', true)).toThrow('step "check" asks nobody now')
  expect(() => rehearse(contract, Signed({ by: 'x' }))).toThrow('"Signed" starts no "contract"')
  const impure = saga('impure', { startsOn: Asked }).step('write', {
    command: Write,
    to: () => 'a',
    input: () => ({ word: `${Math.random()}` }),
  })
  expect(() => rehearse(impure, asked)).toThrow('used Math.random')
})
