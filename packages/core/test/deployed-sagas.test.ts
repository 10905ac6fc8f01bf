// A changed saga meets a thousand open instances: each gets a verdict, none is doubled, none forgotten.
import { type AnySaga, type EventStore, IndelibleError, type RunningSystem, saga } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { judgedSagas } from 'indelible/operations'
import { manualClock } from 'indelible/testing'
import { expect, test, vi } from 'vitest'
import { Ask, Asked, notebook, Sign, Signed, Tear, Write, written } from './notebook.ts'

const patience = { timeout: 60_000, interval: 20 }
const day = 86_400_000

/** Writes `<word>:<id>` on the page of the instance; a compensation tears it out. Instances whose list has it write `never`, which stays. */
const writing = (word: string) => {
  const send = {
    to: (_data: unknown, { sagaId }: { readonly sagaId: string }) => sagaId,
    input: ({ words }: { readonly words: readonly string[] }, { sagaId }: { readonly sagaId: string }) => ({
      word: words.includes(word) ? 'never' : `${word}:${sagaId}`,
    }),
  }
  return { command: Write, ...send, compensate: { command: Tear, ...send } }
}
const signed = { within: 'forever' } as const
const one = saga('draft', { startsOn: Asked })
  .step('write', writing('write'))
  .awaitEvent('signature', Signed, signed)
  .step('print', writing('print'))
const two = saga('draft', { startsOn: Asked, version: 2, former: [one] })
  .step('write', writing('write'))
  .choose('kind', ({ limit }) => (limit > 2 ? 'plain' : 'proofread'), {
    plain: (flow) => flow,
    proofread: (flow) => flow.step('proof', writing('proof')).sleep('rest', { for: '1d' }),
  })
  .step('mark', writing('mark'))
  .awaitEvent('signature', Signed, signed)
  .step('print', writing('print'))
// What is written first has another name, proofs are gone, and so is the mark.
const head = { startsOn: Asked, version: 3, former: [one] }
const steps = { write: 'compose', mark: 'remark', 'kind/proofread': 'kind/long' }
const three = saga('draft', { ...head, maps: { 2: { steps: { ...steps, 'kind/proofread/proof': null } } } })
  .step('compose', writing('write'))
  .choose('kind', ({ limit }) => (limit > 2 ? 'plain' : 'long'), { plain: (flow) => flow, long: (flow) => flow })
  .step('remark', writing('mark'))
  .awaitEvent('signature', Signed, signed)
  .step('print', writing('print'))
const mended = saga('draft', { ...head, maps: { 2: { steps } } })
  .step('compose', writing('write'))
  .choose('kind', ({ limit }) => (limit > 2 ? 'plain' : 'long'), {
    plain: (flow) => flow,
    long: (flow) => flow.step('proof', writing('proof')).sleep('rest', { for: '1d' }),
  })
  .step('remark', writing('mark'))
  .awaitEvent('signature', Signed, signed)
  .step('print', writing('print'))

/** A store that is full for some pages: their commands have been sent and wait for an answer. */
function fullFor(store: EventStore, prefix: string, isFull: () => boolean): EventStore {
  return {
    ...store,
    close: async () => {},
    async append(commit, options) {
      if (isFull() && commit.events.some(({ stream }) => stream.startsWith(`page-${prefix}`)))
        throw new IndelibleError('store_full', 'no space')
      return await store.append(commit, options)
    },
  }
}

const idsOf = (kind: string, count: number) => Array.from({ length: count }, (_, n) => `${kind}${n}`)
const kinds = {
  first: idsOf('first', 200),
  waiting: idsOf('waiting', 300),
  resting: idsOf('resting', 100),
  failed: idsOf('failed', 50),
  sent: idsOf('sent', 150),
  third: idsOf('third', 200),
}
const all = Object.values(kinds).flat()

test('a thousand open instances on a changed saga: a verdict for each, none doubled, none forgotten', async () => {
  const [log, consumers, clock] = [memoryStore(), memoryConsumers(), manualClock()]
  let isFull = true
  const store = fullFor(log, 'sent', () => isFull)
  const start = (draft: AnySaga) => notebook([draft], { store, consumers, clock }).running
  const open = async (running: RunningSystem, ids: readonly string[], input: Parameters<typeof Ask>[1]) => {
    for (const id of ids) await running.send(Ask(id, input))
  }
  const standing = async (running: RunningSystem, ids: readonly string[], at: object) => {
    for (const id of ids.toReversed())
      await vi.waitFor(async () => {
        // What meets a fault is tried again after a while.
        clock.advance(100)
        expect(await running.saga({ name: 'draft' }, id), id).toMatchObject(at)
      }, patience)
  }

  const v1 = start(one)
  await open(v1, kinds.first, { words: [] })
  await standing(v1, kinds.first, { waiting: [{ step: 'signature' }] })
  await v1.close()

  const v2 = start(two)
  await open(v2, kinds.waiting, { words: [] })
  await open(v2, kinds.resting, { words: [], limit: 1 })
  await open(v2, kinds.failed, { words: ['write'] })
  await open(v2, kinds.sent, { words: [] })
  await standing(v2, kinds.waiting, { definition: 2, waiting: [{ step: 'signature' }] })
  await standing(v2, kinds.resting, { waiting: [{ step: 'kind/proofread/rest' }] })
  await standing(v2, kinds.sent, { pending: [{ step: 'write' }] })
  await standing(v2, kinds.failed, { waiting: [{ step: 'signature' }] })
  for (const id of kinds.failed) await v2.cancelSaga({ name: 'draft' }, id, { reason: 'x' })
  await standing(v2, kinds.failed, { status: 'compensationFailed' })
  await v2.close()

  // Before the deployment.
  const verdicts = new Map<string, string>()
  const reasons = new Set<string>()
  for await (const judged of judgedSagas({ store: log, sagas: [three], nowMs: clock.now() })) {
    verdicts.set(judged.id, judged.verdict)
    if (judged.verdict === 'unfit') reasons.add(judged.reason)
  }
  const verdictsOf = (ids: readonly string[]) => [...new Set(ids.map((id) => verdicts.get(id)))]
  expect(verdicts.size).toBe(800)
  expect(verdictsOf(kinds.first)).toEqual(['former'])
  expect(verdictsOf([...kinds.waiting, ...kinds.failed, ...kinds.sent])).toEqual(['mapped'])
  expect(verdictsOf(kinds.resting)).toEqual(['unfit'])
  const [reason, ...others] = reasons
  expect(others).toEqual([])
  expect(reason).toContain('step "kind/proofread/proof" took effect and has a compensation, but the map removes it')

  const v3 = start(three)
  await open(v3, kinds.third, { words: [] })
  const problems = async () => {
    const status = await v3.consumers.show({ name: 'draft' })
    return status.kind === 'saga' ? status.needsIntervention : []
  }
  // What does not fit says so at once, though nothing wakes it.
  await vi.waitFor(async () => expect(await problems()).toHaveLength(150), patience)
  for (const { sagaId, problem } of await problems())
    expect(problem).toBe(
      sagaId.startsWith('resting') ? reason : 'The compensation of step "compose" was refused: Refused.',
    )
  isFull = false
  const ending = [...kinds.first, ...kinds.waiting, ...kinds.sent, ...kinds.third]
  await standing(v3, ending, { waiting: [{ step: 'signature' }] })
  expect(await v3.saga({ name: 'draft' }, 'waiting7')).toMatchObject({ definition: 3, done: ['compose', 'remark'] })
  expect(await v3.saga({ name: 'draft' }, 'first7')).toMatchObject({ definition: 1, done: ['write'] })
  for (const id of ending) await v3.send(Sign(id, { by: 'ada' }))
  await standing(v3, ending, { status: 'completed' })
  for (const id of kinds.failed) await v3.resumeSaga({ name: 'draft' }, id, { how: 'accept', reason: 'It stays.' })
  await standing(v3, kinds.failed, { status: 'compensated' })
  clock.advance(2 * day)
  expect(await problems()).toHaveLength(100)
  await v3.close()

  const v4 = start(mended)
  for (const id of kinds.resting) await v4.send(Sign(id, { by: 'ada' }))
  await standing(v4, kinds.resting, { status: 'completed', definition: 3 })
  const words = await written(v4)
  await v4.close()
  const wanted = all.flatMap((id) => {
    if (id.startsWith('failed')) return []
    if (id.startsWith('first')) return [`write:${id}`, `print:${id}`]
    if (id.startsWith('resting')) return [`write:${id}`, `proof:${id}`, `mark:${id}`, `print:${id}`]
    return [`write:${id}`, `mark:${id}`, `print:${id}`]
  })
  expect([...words].filter((word) => !word.includes('never') && !/failed/.test(word)).sort()).toEqual(wanted.sort())
  expect(words.filter((word) => word === 'never')).toHaveLength(kinds.failed.length)
}, 180_000)
