// What people see of sagas: the list of instances with its filters, and the story of one, with what comes next.
import { type AnySaga, saga } from 'indelible'
import { listedSagas, type SagaFilters, sagaStory } from 'indelible/operations'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, notebook, Sign, Signed, Withdraw, Withdrawn, Write, writing } from './notebook.ts'

const patience = { timeoutMs: 20_000 }
const failing = { command: Write, to: () => 'a', input: () => ({ word: 'no' }) }
const draft = saga('draft', { startsOn: Asked, cancelsOn: Withdrawn })
  .each('lines', {
    over: ({ words }) => words,
    key: (word) => word,
    do: (flow) => flow.step('write', { ...writing('a', ''), input: (_data, { item }) => ({ word: item }) }),
  })
  .awaitEvent('signature', Signed, { within: '30m' })
  .ask('approve', {
    owner: () => 'editors',
    question: () => 'May it go out?',
    decision: z.object({ yes: z.boolean() }),
    within: '2d',
    otherwise: 'continue',
  })
  .step('send', writing('a', 'sent'))

function seen(sagas: readonly AnySaga[]) {
  const { running, clock, store } = notebook(sagas)
  const list = (filters: SagaFilters = {}, nowMs = Date.now()) => listedSagas({ store, sagas, nowMs }, filters)
  const story = (id: string, page = {}) => sagaStory({ store, saga: sagas[0]!, id, nowMs: Date.now() }, page)
  const texts = async (id: string) =>
    (await story(id)).history.map(({ step, text, actor, reason }) =>
      [step ?? '', text, ...(actor ? [`by ${actor}`] : []), ...(reason ? [reason] : [])].join(' | '),
    )
  const waits = (id: string, step: string) =>
    vi.waitFor(async () => expect((await list()).sagas.find((each) => each.id === id)?.steps).toMatchObject([{ step }]))
  return { running, clock, list, story, texts, waits }
}

test('the list shows the step of each instance, since when, what it waits for and until when', async () => {
  const { running, list, waits } = seen([draft])
  for (const id of ['1', '2', '3']) {
    await running.send(Ask(id, { words: ['tea'] }))
    await waits(id, 'signature')
  }
  await running.send(Withdraw('3', { why: 'No need.' }))
  await running.waitForSaga(draft, '3', patience)
  await running.send(Sign('2', { by: 'Ada' }))
  await waits('2', 'approve')
  const ids = async (filters: SagaFilters, nowMs?: number) => (await list(filters, nowMs)).sagas.map(({ id }) => id)
  const { sagas, next } = await list()
  expect(next).toBeNull()
  const wait = { step: 'signature', for: 'event', eventType: 'Signed', since: expect.any(String) }
  expect(sagas).toMatchObject([
    { saga: 'draft', id: '1', status: 'running', steps: [{ ...wait, until: '2026-01-01T00:30:00.000Z' }] },
    { id: '2', status: 'running', steps: [{ for: 'person', owner: 'editors', question: 'May it go out?' }] },
    { id: '3', status: 'compensated', steps: [], failure: { reason: 'Withdrawn' } },
  ])
  expect(await ids({ status: 'open' })).toEqual(['1', '2'])
  expect(await ids({ status: 'compensated' })).toEqual(['3'])
  expect(await ids({ step: 'approve' })).toEqual(['2'])
  expect(await ids({ olderThanMs: 60_000 })).toEqual([])
  expect(await ids({ olderThanMs: 60_000 }, Date.now() + 61_000)).toEqual(['1', '2', '3'])
  const first = await list({ status: 'open', limit: 1 })
  expect(first.sagas).toHaveLength(1)
  expect(await ids({ status: 'open', limit: 1, from: first.next! })).toEqual(['2'])
  await expect(list({ name: 'nope' })).rejects.toMatchObject({ code: 'unknown_saga' })
  await running.close()
})

test('the story shows step by step what happened, who decided it and why', async () => {
  const { running, story, texts, waits } = seen([draft])
  await running.send(Ask('1', { words: ['tea'] }))
  await waits('1', 'signature')
  expect((await story('1')).ahead).toEqual([
    {
      step: 'signature',
      text: 'waits for Signed; then approve; after its time the saga takes back what it did',
      at: '2026-01-01T00:30:00.000Z',
    },
  ])
  await running.send(Sign('1', { by: 'Ada' }))
  await waits('1', 'approve')
  expect((await story('1')).ahead).toMatchObject([
    { text: 'waits for editors to decide: May it go out?; then send; after its time the same' },
  ])
  await running.decide(draft, '1', { step: 'approve', decision: { yes: true }, actor: 'bob', reason: 'It is good.' })
  await running.waitForSaga(draft, '1', patience)
  const told = await texts('1')
  expect(told.map((each) => each.replaceAll(/position \d+/g, 'position N'))).toEqual([
    ' | started by Asked at position N',
    'lines | took a list of 1: tea',
    'lines[tea]/write | sent Write to page-a',
    'lines[tea]/write | took effect at position N',
    'signature | began to wait for Signed, until 2026-01-01T00:30:00.000Z',
    'signature | Signed came, at position N',
    'approve | asked editors: May it go out?, until 2026-01-03T00:00:00.000Z',
    'approve | was decided: {"yes":true} | by bob | It is good.',
    'send | sent Write to page-a',
    'send | took effect at position N',
    ' | completed',
  ])
  const page = await story('1', { limit: 2 })
  expect(page.history).toHaveLength(2)
  expect((await story('1', { from: page.next, limit: 100 })).history).toHaveLength(told.length - 2)
  await expect(story('nope')).rejects.toMatchObject({ code: 'saga_missing' })
  await running.close()
})

test('the story shows what is left to take back, and what a person decided about it', async () => {
  const stuck = saga('stuck', { startsOn: Asked })
    .step('one', writing('a', 'one'))
    .parallel('both', {
      left: (flow) => flow.step('two', writing('a', 'never')),
      right: (flow) => flow.sleep('rest', { for: '1m' }),
    })
    .step('fail', failing)
  const { running, clock, list, story, texts, waits } = seen([stuck])
  await running.send(Ask('1', { words: [] }))
  await waits('1', 'both/right/rest')
  expect((await story('1')).ahead).toMatchObject([{ text: 'sleeps; then fail, when all of both is done' }])
  clock.advance(60_000)
  expect(await running.waitForSaga(stuck, '1', patience)).toMatchObject({ status: 'compensationFailed' })
  expect((await list({ status: 'compensationFailed' })).sagas).toMatchObject([
    { steps: [{ step: 'both/left/two', for: 'operator', reason: 'Refused', until: null }] },
  ])
  expect((await story('1')).ahead.map(({ step, text }) => `${step} ${text}`)).toEqual([
    'both/left/two could not be taken back (Refused), and waits for a person to resume the saga; then the rest is taken back',
    'one is to be taken back',
  ])
  await running.resumeSaga(stuck, '1', { how: 'accept', actor: 'ada', reason: 'It may stay.' })
  await vi.waitFor(async () => expect((await list()).sagas).toMatchObject([{ status: 'compensated' }]))
  expect(await texts('1')).toEqual(
    expect.arrayContaining([
      'both/left/two | could not be taken back (Refused); a person must resume the saga',
      ' | was resumed: what could not be taken back stays | by ada | It may stay.',
    ]),
  )
  await running.close()
})
