// Instances of an earlier version go over to the newest one by a map, which is data; nothing is done twice, and nothing is forgotten.
import { type AnySaga, type EventStore, type SagaMap, saga } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { judgedSagas, sagaStory } from 'indelible/operations'
import { crashingStore, manualClock } from 'indelible/testing'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, notebook, Sign, Signed, Write, writing, written } from './notebook.ts'

const patience = { timeout: 20_000, interval: 5 }
const signed = { within: 'forever' } as const
const draft = (more: { version?: number; maps?: Record<number, SagaMap>; former?: readonly AnySaga[] } = {}) =>
  saga('draft', { startsOn: Asked, ...more })
const second = (map: SagaMap, more = {}) => draft({ version: 2, maps: { 1: map }, ...more })

/** Runs one version until the instance stands, then the other, signed, until it stands or ends. */
async function over(from: AnySaga, to: AnySaga, { words = ['x', 'y'] as readonly string[], sign = true } = {}) {
  const [log, consumers] = [memoryStore(), memoryConsumers()]
  const store: EventStore = { ...log, close: async () => {} }
  const first = notebook([from], { store, consumers })
  await first.running.send(Ask('1', { words: [...words] }))
  await vi.waitFor(async () => expect((await first.running.saga(from, '1'))?.waiting).toHaveLength(1), patience)
  await first.running.close()
  const [verdict] = await Array.fromAsync(judgedSagas({ store, sagas: [to], nowMs: 0 }))
  const next = notebook([to], { store, consumers })
  if (sign) await next.running.send(Sign('1', { by: 'ada' }))
  await vi.waitFor(async () => {
    const status = await next.running.consumers.show(to)
    const state = await next.running.saga(to, '1')
    const isParked = status.kind === 'saga' && status.needsIntervention.length > 0
    const stands = isParked || state?.status !== 'running' || (!sign && state.definition === to.version)
    expect(stands).toBe(true)
  }, patience)
  const status = await next.running.consumers.show(to)
  const problem = status.kind === 'saga' ? status.needsIntervention[0]?.problem : undefined
  const state = (await next.running.saga(to, '1'))!
  const story = await sagaStory({ store, saga: to, id: '1', nowMs: 0 })
  const pages = await written(next.running)
  await next.running.close()
  return { verdict, state, problem, pages, story }
}

const one = draft()
  .step('write', writing('a', 'draft'))
  .awaitEvent('signature', Signed, signed)
  .step('print', writing('a', 'print'))

test('a step that got another name is not done again, and the story says what happened', async () => {
  const two = second({ steps: { write: 'compose' } })
    .step('compose', writing('a', 'draft'))
    .awaitEvent('signature', Signed, signed)
    .step('print', writing('a', 'print'))
  const { verdict, state, pages, story } = await over(one, two)
  expect(verdict).toMatchObject({ verdict: 'mapped', version: 2, definition: 1 })
  expect(state).toMatchObject({ status: 'completed', definition: 2, done: ['compose', 'print'] })
  expect(pages).toEqual(['draft', 'print'])
  expect(story.history.map(({ text }) => text)).toContain('went over from version 1 to 2: write is compose')
})

test('without a map an instance that fits goes over too', async () => {
  const { verdict, state, pages } = await over(
    one,
    draft({ version: 2 })
      .step('write', writing('a', 'other'))
      .awaitEvent('signature', Signed, signed)
      .step('end', writing('a', 'end')),
  )
  expect(verdict).toMatchObject({ verdict: 'fits', version: 2 })
  expect(state).toMatchObject({ status: 'completed', definition: 2 })
  expect(pages).toEqual(['draft', 'end'])
})

test('a wait that is gone is over', async () => {
  const two = second({ steps: { signature: null } })
    .step('write', writing('a', 'draft'))
    .step('print', writing('a', 'print'))
  const { state, pages } = await over(one, two, { sign: false })
  expect(state).toMatchObject({ definition: 2, waiting: [] })
  expect(pages).toEqual(['draft', 'print'])
})

test('names of nodes around others, keys of items and branches go with them', async () => {
  const nested = draft()
    .each('lines', {
      over: ({ words }) => words,
      key: (word) => word,
      do: (flow) => flow.step('write', { ...writing('a', ''), input: (_data, { item }) => ({ word: item }) }),
    })
    .choose('size', () => 'large', { large: (flow) => flow.awaitEvent('signature', Signed, signed) })
    .step('print', writing('a', 'print'))
  const steps = { lines: 'rows', 'lines/write': 'rows/put', size: 'extent', 'size/large': 'extent/big' }
  const two = second({ steps })
    .each('rows', {
      over: ({ words }) => words,
      key: (word) => word,
      do: (flow) => flow.step('put', { ...writing('a', ''), input: (_data, { item }) => ({ word: item }) }),
    })
    .choose('extent', () => 'big', { big: (flow) => flow.awaitEvent('signature', Signed, signed) })
    .step('print', writing('a', 'print'))
  const { verdict, state, pages } = await over(nested, two)
  expect(verdict).toMatchObject({ verdict: 'mapped' })
  expect(state.done.slice(0, 2).toSorted()).toEqual(['rows[x]/put', 'rows[y]/put'])
  expect([...pages].sort()).toEqual(['print', 'x', 'y'])
})

test('answers are made from those of the earlier version, once, and recorded', async () => {
  const answering = draft()
    .step('write', { ...writing('a', 'draft'), answer: ([event]) => ({ text: event!.data.word }) })
    .awaitEvent('signature', Signed, signed)
  const two = second({
    steps: { write: 'compose' },
    answers: { compose: (old: { text: string }) => ({ words: [old.text] }) },
  })
    .step('compose', { ...writing('a', 'draft'), answer: ([event]) => ({ words: [event!.data.word] }) })
    .awaitEvent('signature', Signed, signed)
    .step('print', {
      ...writing('a', ''),
      input: (_data, { answers }) => ({ word: `printed ${answers.compose.words.join()}` }),
    })
  const { state, pages } = await over(answering, two)
  expect(state.status).toBe('completed')
  expect(pages).toEqual(['draft', 'printed draft'])
})

test('a new step with the name of an old one is done: its command has an id of its own', async () => {
  const two = second({ steps: { write: 'compose' } })
    .step('compose', writing('a', 'draft'))
    .awaitEvent('signature', Signed, signed)
    .step('write', writing('a', 'again'))
    .step('print', writing('a', 'print'))
  const { state, pages } = await over(one, two)
  expect(state).toMatchObject({ status: 'completed', done: ['compose', 'write', 'print'] })
  expect(pages).toEqual(['draft', 'again', 'print'])
})

test('what is taken back after a map is that which was done before it', async () => {
  const refused = { command: Write, to: () => 'a', input: () => ({ word: 'no' }) }
  const two = second({ steps: { write: 'compose' } })
    .step('compose', writing('a', 'draft'))
    .awaitEvent('signature', Signed, signed)
    .step('print', refused)
  const { state, pages } = await over(one, two)
  expect(state).toMatchObject({ status: 'compensated', done: [] })
  expect(pages).toEqual(['draft', '-draft'])
})

const withoutWrite = (more = {}) => second({ steps: { write: null } }, more).awaitEvent('signature', Signed, signed)

test('a map that would forget a compensation does not fit, and says what to do', async () => {
  const { verdict, problem, pages } = await over(one, withoutWrite())
  const reason =
    'step "write" took effect and has a compensation, but the map removes it. Map it to a step that does the same'
  expect(verdict).toMatchObject({ verdict: 'unfit', reason: expect.stringContaining(reason) })
  expect(problem).toContain(reason)
  expect(pages).toEqual(['draft'])
})

test('one that does not fit its map ends on its version, where that is kept', async () => {
  const { verdict, state, pages } = await over(one, withoutWrite({ former: [one] }))
  expect(verdict).toMatchObject({ verdict: 'former', version: 1 })
  expect(state).toMatchObject({ status: 'completed', definition: 1 })
  expect(pages).toEqual(['draft', 'print'])
})

test('a function of a map that fails or is not pure is a fault of the code', async () => {
  const failing = (make: () => unknown) =>
    second({ answers: { write: make } })
      .step('write', writing('a', 'draft'))
      .awaitEvent('signature', Signed, signed)
  const wrong = failing(() => JSON.parse('{'))
  expect((await over(one, wrong)).problem).toContain('The map of the answer of step "write" failed')
  expect(
    (
      await over(
        one,
        failing(() => Date.now()),
      )
    ).verdict,
  ).toMatchObject({ verdict: 'unfit', code: 'impure_saga' })
})

test('at whichever append the process dies, an instance goes over once', async () => {
  const two = second({ steps: { write: 'compose' } })
    .step('compose', writing('a', 'draft'))
    .awaitEvent('signature', Signed, signed)
    .step('print', writing('a', 'print'))
  for (let after = 0, hasCrashed = true; hasCrashed; after++) {
    hasCrashed = false
    for (const isWritten of [false, true]) {
      const [log, consumers, clock] = [memoryStore(), memoryConsumers(), manualClock()]
      const store: EventStore = { ...log, close: async () => {} }
      const first = notebook([one], { store, consumers, clock })
      await first.running.send(Ask('1', { words: [] }))
      await vi.waitFor(async () => expect((await first.running.saga(one, '1'))?.waiting).toHaveLength(1), patience)
      await first.running.close()
      const dying = crashingStore(log, { after, written: isWritten })
      for (const part of [dying, store]) {
        const { running } = notebook([two], { store: part, consumers, clock })
        await running.send(Sign('1', { by: 'ada' }), { commandId: 'sign' }).catch(() => {})
        await vi.waitFor(async () => {
          if (part === dying && dying.hasCrashed) return
          expect(await running.saga(two, '1')).toMatchObject({ status: 'completed' })
        }, patience)
        await running.close()
      }
      hasCrashed ||= dying.hasCrashed
      const events = (await Array.fromAsync(log.read([{ types: ['$SagaMapped', 'Written'] }]))).flatMap(
        (batch) => batch.events,
      )
      expect(
        events.map(({ type }) => type),
        `crash after ${after}`,
      ).toEqual(['Written', '$SagaMapped', 'Written'])
    }
  }
})

test.each<[string, () => unknown, string]>([
  [
    'a version that is not lower',
    () => draft({ version: 2, maps: { 2: {} } }),
    'has a map for version "2". Map lower versions than 2.',
  ],
  ['a path with a key', () => second({ steps: { 'lines[a]/b': 'c' } }), 'write paths without keys'],
  [
    'an answer that is no function',
    () => second({ answers: { write: 5 as never } }),
    'write a function of the old answer',
  ],
])('a map with %s is refused where it is declared', (_what, declare, message) => {
  expect(declare).toThrow(message)
})

test('a map that leads nowhere is refused by defineSystem', () => {
  const flow = (map: SagaMap) => notebook([second(map).step('write', writing('a', 'x'))])
  expect(() => flow({ steps: { one: 'two' } })).toThrow(
    'The map of version 1 leads from "one" to "two", which the flow does not have.',
  )
  expect(() => flow({ answers: { two: () => z } })).toThrow('makes an answer of "two", which is no step or question')
})
