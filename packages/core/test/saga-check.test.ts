// Before new code runs, every open instance is replayed with it, and the verdict says whether it fits.
import { type AnySaga, saga } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { judgedSagas, listedSagas } from 'indelible/operations'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, notebook, Signed, Withdrawn, Write, writing } from './notebook.ts'

const patience = { timeoutMs: 20_000 }
const write = writing('a', 'draft')
const signed = { within: 'forever' } as const
const began = saga('draft', { startsOn: Asked }).step('write', write).awaitEvent('signature', Signed, signed)

/** The verdicts on an instance that waits for a signature. */
async function judged(changed: AnySaga) {
  const { running, store } = notebook([began])
  await running.send(Ask('1', { words: ['x'] }))
  await vi.waitFor(async () => expect((await running.saga(began, '1'))?.waiting).toHaveLength(1))
  const [verdict, ...others] = await Array.fromAsync(judgedSagas({ store, sagas: [changed], nowMs: 0 }))
  await running.close()
  expect(others).toEqual([])
  expect(verdict).toMatchObject({ saga: 'draft', id: '1', status: 'running', definition: 1 })
  return verdict
}

const draft = (more: { version?: number; former?: readonly AnySaga[] } = {}) =>
  saga('draft', { startsOn: Asked, ...more })

test('the same code fits, and so does an additional step at the end', async () => {
  expect(await judged(began)).toMatchObject({ verdict: 'fits', version: 1 })
  expect(await judged(began.step('end', write))).toMatchObject({ verdict: 'fits' })
})

test('an instance whose version is kept runs to its end with that version', async () => {
  const next = draft({ version: 2, former: [began] }).step('other', write)
  expect(await judged(next)).toMatchObject({ verdict: 'former', version: 1 })
})

test.each<[string, AnySaga, string]>([
  ['a step that is gone', draft().awaitEvent('signature', Signed, signed), 'step "write" was done'],
  ['another event', draft().step('write', write).awaitEvent('signature', Withdrawn, signed), 'waits for Withdrawn'],
  ['another kind of step', draft().step('write', write).step('signature', write), 'it is "step"'],
  [
    'another kind of wait',
    draft()
      .step('write', write)
      .ask('signature', { owner: () => 'x', question: () => 'y', decision: z.any(), ...signed }),
    'it is "ask"',
  ],
  [
    'another start',
    saga('draft', { startsOn: Withdrawn }).step('write', write).awaitEvent('signature', Signed, signed),
    '"Asked" started it',
  ],
  [
    'a branch before, whose choice fails',
    draft()
      .choose('which', () => JSON.parse('{'), { so: (flow) => flow })
      .step('write', write)
      .awaitEvent('signature', Signed, signed),
    '"when" of step "which" failed',
  ],
])('%s does not fit', async (_what, changed, reason) => {
  expect(await judged(changed)).toMatchObject({
    verdict: 'unfit',
    code: 'invalid_declaration',
    reason: expect.stringContaining(reason),
  })
})

test('an instance that waits for a resume must fit the steps that follow', async () => {
  const fail = { command: Write, to: () => 'a', input: () => ({ word: 'no' }) }
  const stuck = saga('stuck', { startsOn: Asked }).step('write', writing('a', 'never')).step('fail', fail)
  const { running, store } = notebook([stuck])
  await running.send(Ask('1', { words: [] }))
  expect(await running.waitForSaga(stuck, '1', patience)).toMatchObject({ status: 'compensationFailed' })
  const verdicts = (saga: AnySaga) => Array.fromAsync(judgedSagas({ store, sagas: [saga], nowMs: 0 }))
  expect(await verdicts(stuck)).toMatchObject([{ verdict: 'fits', status: 'compensationFailed' }])
  const lost = saga('stuck', { startsOn: Asked })
    .step('write', { ...fail, compensate: 'nothing' })
    .step('fail', fail)
  expect(await verdicts(lost)).toMatchObject([{ verdict: 'unfit', reason: expect.stringContaining('compensation') }])
  await running.close()
})

test('a page of the list examines a bounded number of instances, and says where the next page starts', async () => {
  const store = memoryStore()
  const startedBy = { eventId: 'e', type: 'Asked', position: 0, schemaVersion: 1, correlationId: 'c', validAt: null }
  const started = { saga: 'draft', version: 1, input: { words: [] }, startedBy }
  for (let id = 1; id <= 1_001; id++) {
    const stream = `$saga.draft-${id}` as const
    const ended = id === 1_001 ? [] : [{ stream, type: '$SagaCompleted', data: {} }]
    await store.append({ events: [{ stream, type: '$SagaStarted', data: started }, ...ended] }, { reserved: true })
  }
  const list = (status: 'open' | 'compensated' | 'running', from = 1) =>
    listedSagas({ store, sagas: [began], nowMs: 0 }, { status, from })
  expect(await list('compensated')).toEqual({ sagas: [], next: 2_001 })
  expect(await list('compensated', 2_001)).toEqual({ sagas: [], next: null })
  // Of those that have ended little is read.
  const open = { sagas: [{ id: '1001', status: 'running', steps: [] }], next: null }
  expect(await list('open')).toMatchObject(open)
  expect(await list('running')).toMatchObject(open)
  expect(await Array.fromAsync(judgedSagas({ store, sagas: [began], nowMs: 0 }))).toMatchObject([{ id: '1001' }])
})
