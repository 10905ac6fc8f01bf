import { IndelibleError, saga } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import {
  Ask,
  Asked,
  notebook,
  type Refused,
  Sign,
  Signed,
  Tear,
  Withdraw,
  Withdrawn,
  Write,
  writing,
  written,
} from './notebook.ts'

const patience = { timeoutMs: 20_000 }
const ask = (words: readonly string[] = [], limit?: number) =>
  Ask('1', { words: [...words], ...(limit === undefined ? {} : { limit }) })

test('the answer of a step is available to later steps and to its compensation', async () => {
  const told = saga('told', { startsOn: Asked })
    .step('first', {
      command: Write,
      to: () => 'a',
      input: ({ words }) => ({ word: words[0]! }),
      answer: ([event]) => ({ upper: event!.data.word.toUpperCase() }),
      compensate: {
        command: Tear,
        to: () => 'a',
        input: (_data, { answers }) => ({ word: `${answers.first.upper}!` }),
      },
    })
    .step('second', {
      command: Write,
      to: () => 'a',
      input: (_data, { answers, sagaId }) => ({ word: `${answers.first.upper}${sagaId}` }),
      compensate: 'nothing',
    })
    .step('third', { command: Write, to: () => 'a', input: ({ words }) => ({ word: words[1]! }) })
  const { running } = notebook([told])
  await running.send(ask(['x', 'no']))
  expect(await running.waitForSaga(told, '1', patience)).toMatchObject({
    status: 'compensated',
    failure: { step: 'third', reason: 'Refused', details: { word: 'no' } },
    done: ['second'],
  })
  expect(await written(running)).toEqual(['x', 'X1', '-X!'])
  await running.close()
})

test('a refusal after which the saga continues is an answer', async () => {
  const asks = saga('asks', { startsOn: Asked })
    .step('first', {
      command: Write,
      to: () => 'a',
      input: () => ({ word: 'not' }),
      continueOn: ['Refused'],
      compensate: 'nothing',
    })
    .choose('how', (_data, { answers }) => (answers.first && 'refused' in answers.first ? 'otherwise' : 'so'), {
      so: (flow) => flow.step('write', writing('a', 'so')),
      otherwise: (flow) =>
        flow.step('write', {
          ...writing('a', ''),
          input: (_data, { answers }) => ({
            word: `${(answers.first as ReturnType<typeof Refused>).details.word} so`.replace('not', 'never'),
          }),
        }),
    })
    .step('last', {
      command: Write,
      to: () => 'a',
      input: (_data, { answers }) => ({ word: Object.keys(answers.how).join() }),
    })
  const { running } = notebook([asks])
  await running.send(ask())
  expect(await running.waitForSaga(asks, '1', patience)).toMatchObject({ status: 'completed' })
  expect(await written(running)).toEqual(['never so', 'otherwise'])
  await running.close()
})

test('a list is processed item by item with limited concurrency, and taken back in reverse order', async () => {
  const lines = saga('lines', { startsOn: Asked })
    .each('lines', {
      over: ({ words }) => words,
      key: (_word, index) => `${index}`,
      atOnce: 2,
      do: (flow) =>
        flow.step('write', {
          command: Write,
          to: () => 'a',
          input: (_data, { item }) => ({ word: item }),
          answer: ([event]) => event!.data.word.length,
          compensate: { command: Tear, to: () => 'a', input: (_data, { item }) => ({ word: item }) },
        }),
    })
    .step('sum', {
      command: Write,
      to: () => 'a',
      input: ({ limit }, { answers }) => {
        const sum = Object.values(answers.lines).reduce((total, { write }) => total + (write as number), 0)
        return { word: sum > limit ? 'no' : `${sum}` }
      },
    })
  const { running } = notebook([lines])
  await running.send(Ask('1', { words: ['a', 'bb', 'ccc'], limit: 10 }))
  expect(await running.waitForSaga(lines, '1', patience)).toMatchObject({ status: 'completed' })
  expect([...(await written(running))].sort()).toEqual(['6', 'a', 'bb', 'ccc'])
  await running.send(Ask('2', { words: ['d', 'ee'], limit: 1 }))
  const state = await running.waitForSaga(lines, '2', patience)
  expect(state).toMatchObject({ status: 'compensated', failure: { step: 'sum' }, done: [] })
  const all = await written(running)
  const done = all.slice(4, 6)
  expect(all.slice(6)).toEqual(done.toReversed().map((word) => `-${word}`))
  await running.close()
})

test('an empty list is complete at once', async () => {
  const lines = saga('lines', { startsOn: Asked }).each('lines', {
    over: ({ words }) => words,
    key: (word) => word,
    do: (flow) =>
      flow.step('write', {
        command: Write,
        to: () => 'a',
        input: (_data, { item }) => ({ word: item }),
        compensate: 'nothing',
      }),
  })
  const { running } = notebook([lines])
  await running.send(ask())
  expect(await running.waitForSaga(lines, '1', patience)).toMatchObject({ status: 'completed', done: [] })
  await running.close()
})

test('parallel flows run concurrently; when one fails, the completed steps of the others are taken back', async () => {
  const both = saga('both', { startsOn: Asked })
    .parallel('both', {
      left: (flow) => flow.step('one', writing('l', 'l1')).step('two', writing('l', 'l2')),
      right: (flow) => flow.step('one', writing('r', 'r1')),
    })
    .step('last', { command: Write, to: () => 'a', input: ({ words }) => ({ word: words[0]! }) })
  const { running } = notebook([both])
  await running.send(Ask('1', { words: ['yes'] }))
  expect(await running.waitForSaga(both, '1', patience)).toMatchObject({ status: 'completed' })
  expect([...(await written(running))].sort()).toEqual(['l1', 'l2', 'r1', 'yes'])
  await running.send(Ask('2', { words: ['no'] }))
  expect(await running.waitForSaga(both, '2', patience)).toMatchObject({ status: 'compensated', done: [] })
  const all = (await written(running)).slice(4)
  expect(all.slice(3)).toEqual(
    all
      .slice(0, 3)
      .toReversed()
      .map((word) => `-${word}`),
  )
  await running.close()
})

test('a saga waits for an event, which may come before the wait, and compensates if none comes in time', async () => {
  const waits = saga('waits', { startsOn: Asked })
    .step('write', writing('a', 'draft'))
    .awaitEvent('signature', Signed, { within: '30m' })
    .step('sign', { command: Write, to: () => 'a', input: (_data, { answers }) => ({ word: answers.signature.by }) })
  const { running, clock } = notebook([waits])
  await running.send(Ask('late', { words: [] }))
  await vi.waitFor(async () =>
    expect((await running.saga(waits, 'late'))?.waiting).toMatchObject([{ for: 'event', eventType: 'Signed' }]),
  )
  await running.send(Sign('late', { by: 'Ada' }))
  expect(await running.waitForSaga(waits, 'late', patience)).toMatchObject({ status: 'completed' })

  await running.consumers.pause(waits)
  await running.send(Ask('early', { words: [] }))
  await running.send(Sign('early', { by: 'Bob' }))
  await running.consumers.resume(waits)
  expect(await running.waitForSaga(waits, 'early', patience)).toMatchObject({ status: 'completed' })

  await running.send(Ask('never', { words: [] }))
  await vi.waitFor(async () => expect((await running.saga(waits, 'never'))?.waiting).toHaveLength(1))
  clock.advance(30 * 60_000)
  expect(await running.waitForSaga(waits, 'never', patience)).toMatchObject({
    status: 'compensated',
    failure: { step: 'signature', reason: 'TimedOut' },
  })
  expect(await written(running)).toEqual(['draft', 'Ada', 'draft', 'Bob', 'draft', '-draft'])
  await running.close()
})

test('a saga can continue after a wait that ended without an event', async () => {
  const goesOn = saga('goes_on', { startsOn: Asked })
    .awaitEvent('signature', Signed, { within: '1h', otherwise: 'continue' })
    .step('write', {
      command: Write,
      to: () => 'a',
      input: (_data, { answers }) => ({ word: answers.signature?.by ?? 'unsigned' }),
    })
  const { running, clock } = notebook([goesOn])
  await running.send(ask())
  await vi.waitFor(async () => expect((await running.saga(goesOn, '1'))?.waiting).toHaveLength(1))
  clock.advance(3_600_000)
  expect(await running.waitForSaga(goesOn, '1', patience)).toMatchObject({ status: 'completed' })
  expect(await written(running)).toEqual(['unsigned'])
  await running.close()
})

test('a saga sleeps for 30 days, also across a restart, and wakes once', async () => {
  const sleeps = saga('sleeps', { startsOn: Asked }).sleep('rest', { for: '30d' }).step('write', writing('a', 'awake'))
  const first = notebook([sleeps])
  await first.running.send(ask())
  await vi.waitFor(async () =>
    expect((await first.running.saga(sleeps, '1'))?.waiting).toMatchObject([
      { for: 'time', until: '2026-01-31T00:00:00.000Z' },
    ]),
  )
  first.clock.advance(29 * 86_400_000)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(await first.running.saga(sleeps, '1')).toMatchObject({ status: 'running' })
  first.clock.advance(86_400_000)
  expect(await first.running.waitForSaga(sleeps, '1', patience)).toMatchObject({ status: 'completed' })
  expect(await written(first.running)).toEqual(['awake'])
  await first.running.close()
})

test('a saga asks a person, and the decision is recorded with who made it and why', async () => {
  const approval = saga('approval', { startsOn: Asked })
    .ask('approve', {
      owner: () => 'editors',
      question: ({ words }) => `May ${words.join(' ')} be written?`,
      decision: z.object({ isAllowed: z.boolean() }),
      within: '2d',
    })
    .choose('decided', (_data, { answers }) => (answers.approve.isAllowed ? 'yes' : 'no'), {
      yes: (flow) => flow.step('write', writing('a', 'allowed')),
      no: (flow) => flow.step('write', writing('a', 'denied')),
    })
  const { running } = notebook([approval])
  await running.send(ask(['x', 'y']))
  await vi.waitFor(async () =>
    expect((await running.saga(approval, '1'))?.waiting).toMatchObject([
      { for: 'person', owner: 'editors', question: 'May x y be written?' },
    ]),
  )
  await expect(
    running.decide(approval, '1', { step: 'approve', decision: { isAllowed: 'perhaps' } }),
  ).rejects.toMatchObject({ code: 'invalid_command' })
  expect(
    await running.decide(approval, '1', {
      step: 'approve',
      decision: { isAllowed: true },
      actor: 'ada',
      reason: 'It is short.',
    }),
  ).toBe(true)
  expect(await running.decide(approval, '1', { step: 'approve', decision: { isAllowed: false } })).toBe(false)
  expect(await running.waitForSaga(approval, '1', patience)).toMatchObject({ status: 'completed' })
  expect(await written(running)).toEqual(['allowed'])
  const [batch] = await Array.fromAsync(running.store.read([{ types: ['$PersonAnswered'] }]))
  expect(batch!.events[0]).toMatchObject({
    data: { actor: 'ada', reason: 'It is short.', decision: { isAllowed: true } },
    metadata: { actor: 'ada' },
  })
  await running.close()
})

test('a saga waits for its child; if the child compensates, so does the parent, and a compensating parent cancels its child', async () => {
  const child = saga('child', { startsOn: Withdrawn })
    .step('write', {
      command: Write,
      to: () => 'c',
      input: ({ why }) => ({ word: why }),
      compensate: { command: Tear, to: () => 'c', input: ({ why }) => ({ word: why }) },
    })
    .awaitEvent('signature', Signed, { correlate: ({ by }) => by, within: 'forever' })
    .step('end', { command: Write, to: () => 'c', input: ({ why }) => ({ word: why === 'bad' ? 'no' : 'end' }) })
  const parent = saga('parent', { startsOn: Asked, cancelsOn: { event: Withdrawn, correlate: ({ why }) => why } })
    .step('write', writing('p', 'parent'))
    .child('child', {
      saga: child,
      id: (_data, { sagaId }) => `${sagaId}-c`,
      data: ({ words }) => ({ why: words[0]! }),
      compensate: 'nothing',
    })
    .step('last', writing('p', 'last'))
  const { running } = notebook([child, parent])
  const childWaits = (id: string) =>
    vi.waitFor(async () => expect((await running.saga(child, id))?.waiting).toHaveLength(1))
  await running.send(Ask('good', { words: ['fine'] }))
  await childWaits('good-c')
  await running.send(Sign('s', { by: 'good-c' }))
  expect(await running.waitForSaga(parent, 'good', patience)).toMatchObject({ status: 'completed' })
  expect(await written(running)).toEqual(['parent', 'fine', 'end', 'last'])

  await running.send(Ask('ill', { words: ['bad'] }))
  await childWaits('ill-c')
  await running.send(Sign('s', { by: 'ill-c' }))
  expect(await running.waitForSaga(parent, 'ill', patience)).toMatchObject({
    status: 'compensated',
    failure: { step: 'child', reason: 'ChildCompensated' },
  })
  expect((await written(running)).slice(4)).toEqual(['parent', 'bad', '-bad', '-parent'])

  await running.send(Ask('off', { words: ['off'] }))
  await childWaits('off-c')
  expect(await running.cancelSaga(parent, 'off', { reason: 'CalledOff', actor: 'ada' })).toBe(true)
  expect(await running.waitForSaga(parent, 'off', patience)).toMatchObject({
    status: 'compensated',
    failure: { reason: 'CalledOff' },
  })
  expect(await running.saga(child, 'off-c')).toMatchObject({
    status: 'compensated',
    failure: { reason: 'ParentCompensates' },
  })
  expect((await written(running)).slice(8)).toEqual(['parent', 'off', '-off', '-parent'])
  await running.close()
})

test('the final commands are sent once, however the saga ends', async () => {
  const ends = saga('ends', {
    startsOn: Asked,
    onCompleted: { command: Write, to: () => 'e', input: () => ({ word: 'completed' }) },
    onCompensated: { command: Write, to: () => 'e', input: () => ({ word: 'compensated' }) },
  }).step('write', { command: Write, to: () => 'e', input: ({ words }) => ({ word: words[0]! }) })
  const { running } = notebook([ends])
  await running.send(Ask('1', { words: ['yes'] }))
  expect(await running.waitForSaga(ends, '1', patience)).toMatchObject({ status: 'completed' })
  await running.send(Ask('2', { words: ['no'] }))
  expect(await running.waitForSaga(ends, '2', patience)).toMatchObject({ status: 'compensated' })
  expect(await written(running)).toEqual(['yes', 'completed', 'compensated'])
  await running.close()
})

test('a person resolves a refused compensation by retrying it, accepting it or sending another command', async () => {
  const stuck = saga('stuck', { startsOn: Asked })
    .step('before', writing('a', 'before'))
    .step('write', writing('a', 'never'))
    .step('fail', { command: Write, to: () => 'a', input: () => ({ word: 'no' }) })
  const { running } = notebook([stuck])
  const failed = async (id: string) => {
    await running.send(Ask(id, { words: [] }))
    expect(await running.waitForSaga(stuck, id, patience)).toMatchObject({
      status: 'compensationFailed',
      compensationFailure: { step: 'write', reason: 'Refused' },
    })
  }
  await failed('accepted')
  expect(await running.resumeSaga(stuck, 'accepted', { how: 'accept', actor: 'ada', reason: 'It may stay.' })).toBe(
    true,
  )
  await vi.waitFor(async () => expect(await running.saga(stuck, 'accepted')).toMatchObject({ status: 'compensated' }))
  await failed('resolved')
  expect(
    await running.resumeSaga(stuck, 'resolved', {
      how: 'resolve',
      command: Write('a', { word: 'resolved' }),
      actor: 'ada',
      reason: 'Written over.',
    }),
  ).toBe(true)
  await vi.waitFor(async () =>
    expect(await running.saga(stuck, 'resolved')).toMatchObject({ status: 'compensated', done: [] }),
  )
  await failed('retried')
  expect(await running.resumeSaga(stuck, 'retried', { actor: 'ada' })).toBe(true)
  await vi.waitFor(async () =>
    expect(await running.saga(stuck, 'retried')).toMatchObject({ status: 'compensationFailed', resumed: 1 }),
  )
  expect(await written(running)).toEqual([
    'before',
    'never',
    '-before',
    'before',
    'never',
    'resolved',
    '-before',
    'before',
    'never',
  ])
  await running.close()
})

test('a saga with an impure function needs intervention', async () => {
  const impure = saga('impure', { startsOn: Asked }).step('write', {
    command: Write,
    to: () => 'a',
    input: () => ({ word: `${Date.now()}` }),
  })
  const { running } = notebook([impure])
  await running.send(ask())
  await vi.waitFor(async () => {
    const status = await running.consumers.show(impure)
    expect(status).toMatchObject({ needsIntervention: [{ sagaId: '1', problem: expect.stringContaining('Date.now') }] })
  })
  await running.close()
})

test('an external event cancels a running saga, and has no effect on one that has ended', async () => {
  const cancelled = saga('cancelled', { startsOn: Asked, cancelsOn: Withdrawn })
    .step('write', writing('a', 'draft'))
    .awaitEvent('signature', Signed, { within: 'forever' })
  const { running } = notebook([cancelled])
  await running.send(ask())
  await vi.waitFor(async () => expect((await running.saga(cancelled, '1'))?.waiting).toHaveLength(1))
  await running.send(Withdraw('1', { why: 'No need.' }))
  expect(await running.waitForSaga(cancelled, '1', patience)).toMatchObject({
    status: 'compensated',
    failure: { reason: 'Withdrawn' },
  })
  await running.send(Withdraw('1', { why: 'No need.' }))
  await running.consumers.waitFor(cancelled, (await running.store.head()).position)
  expect(await written(running)).toEqual(['draft', '-draft'])
  expect(await running.cancelSaga(cancelled, '1', { reason: 'Again' })).toBe(false)
  await running.close()
})

test('a step is retried after a fault as it declares', async () => {
  const patient = saga('patient', { startsOn: Asked }).step('write', {
    ...writing('sick', 'x'),
    retry: { first: '1h', max: '90m' },
  })
  const store = memoryStore()
  let tries = 0
  const { running, clock } = notebook([patient], {
    store: {
      ...store,
      append: async (commit, options) => {
        if (commit.events[0]!.stream === 'page-sick' && ++tries <= 2) throw new IndelibleError('store_full', 'no space')
        return await store.append(commit, options)
      },
    },
  })
  const waitsAfter = (count: number) =>
    vi.waitFor(async () => {
      expect(tries).toBe(count)
      expect(await running.consumers.show(patient)).toMatchObject({ active: 0, waiting: 1 })
    })
  await running.send(ask())
  await waitsAfter(1)
  clock.advance(59 * 60_000)
  await new Promise((resolve) => setTimeout(resolve, 20))
  await waitsAfter(1)
  clock.advance(60_000)
  await waitsAfter(2)
  clock.advance(89 * 60_000)
  await new Promise((resolve) => setTimeout(resolve, 20))
  await waitsAfter(2)
  clock.advance(60_000)
  expect(await running.waitForSaga(patient, '1', patience)).toMatchObject({ status: 'completed' })
  expect(tries).toBe(3)
  await running.close()
})

test('a child whose id is taken needs intervention, and the saga does not loop', async () => {
  const child = saga('child', { startsOn: Withdrawn }).awaitEvent('signature', Signed, { within: 'forever' })
  const parent = saga('parent', { startsOn: Asked }).child('child', {
    saga: child,
    id: () => 'one',
    data: () => ({ why: 'x' }),
  })
  const { running } = notebook([child, parent])
  await running.send(Ask('1', { words: [] }))
  await vi.waitFor(async () => expect(await running.saga(child, 'one')).toBeDefined())
  await running.send(Ask('2', { words: [] }))
  await vi.waitFor(async () =>
    expect(await running.consumers.show(parent)).toMatchObject({
      active: 0,
      needsIntervention: [{ sagaId: '2', problem: expect.stringContaining('step "child" starts child one') }],
    }),
  )
  await running.close()
})

test('a start that the store refuses for a while is made later, even if no other event arrives', async () => {
  const store = memoryStore()
  let isFull = true
  const full = {
    ...store,
    append: async (...given: Parameters<typeof store.append>) => {
      if (isFull && given[0].events[0]!.type === '$SagaStarted')
        throw new IndelibleError('store_full', 'The disk is full.')
      return await store.append(...given)
    },
  }
  const writes = saga('writes', { startsOn: Asked }).step('write', writing('a', 'word'))
  const { running } = notebook([writes], { store: full })
  await running.send(ask())
  await vi.waitFor(async () => expect(await running.consumers.show(writes)).toMatchObject({ state: 'retrying' }))
  isFull = false
  expect(await running.waitForSaga(writes, '1', patience)).toMatchObject({ status: 'completed' })
  await running.close()
})
