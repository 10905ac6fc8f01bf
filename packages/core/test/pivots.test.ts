// Once a step is sent that nothing takes back, a saga can only go forwards: whoever cancels it comes too late, and nothing is half taken back.
import { type EventStore, saga } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { Ask, Asked, notebook, Withdraw, Withdrawn, Write, writing, written } from './notebook.ts'
import { gate } from './parcels.ts'
import { patience, soon } from './patience.ts'

const last = { command: Write, to: () => 'z', input: () => ({ word: 'last' }) }

/** A store in which what is written on the last page waits at a gate. */
function held() {
  const [store, door] = [memoryStore(), gate()]
  const gated: EventStore = {
    ...store,
    async append(commit, options) {
      if (commit.events.some(({ stream }) => stream === 'page-z')) await door.pass()
      return await store.append(commit, options)
    },
  }
  return { store: gated, door }
}

test.each(['by hand', 'by an event'])(
  'a saga that is cancelled %s while its last step is under way completes',
  async (how) => {
    const { store, door } = held()
    const book = saga('book', { startsOn: Asked, cancelsOn: Withdrawn })
      .step('first', writing('a', 'first'))
      .step('last', last)
    const { running } = notebook([book], { store })
    await running.send(Ask('1', { words: [] }))
    await soon(async () => expect(door.waiting).toBe(1))
    if (how === 'by hand') expect(await running.cancelSaga(book, '1', { reason: 'Too dear.' })).toBe(false)
    else {
      const outcome = await running.send(Withdraw('1', { why: 'Too dear.' }))
      if (outcome.status === 'accepted') await running.waitFor(book, outcome.position, patience)
    }
    door.open()
    expect(await running.waitForSaga(book, '1', patience)).toMatchObject({ status: 'completed' })
    expect(await written(running)).toEqual(['first', 'last'])
    await running.close()
  },
)

test('a saga whose last step is refused still takes the others back', async () => {
  const book = saga('book', { startsOn: Asked })
    .step('first', writing('a', 'first'))
    .step('last', { ...last, input: () => ({ word: 'no' }) })
  const { running } = notebook([book])
  await running.send(Ask('1', { words: [] }))
  expect(await running.waitForSaga(book, '1', patience)).toMatchObject({ status: 'compensated', done: [] })
  await running.close()
})

test('a child that can only go forwards completes, and its parent takes it back as a whole', async () => {
  const { store, door } = held()
  const chapter = saga('chapter', { startsOn: Withdrawn }).step('first', writing('c', 'first')).step('last', last)
  const book = saga('book', { startsOn: Asked })
    .child('chapter', {
      saga: chapter,
      id: () => 'c',
      data: () => ({ why: '' }),
      compensate: writing('a', 'chapter').compensate,
    })
    .step('end', last)
  const { running } = notebook([book, chapter], { store })
  await running.send(Ask('1', { words: [] }))
  await soon(async () => expect(door.waiting).toBe(1))
  expect(await running.cancelSaga(book, '1', { reason: 'Too dear.' })).toBe(true)
  await soon(async () => expect((await running.saga(book, '1'))?.status).toBe('compensating'))
  door.open()
  expect(await running.waitForSaga(book, '1', patience)).toMatchObject({ status: 'compensated', done: [] })
  expect(await running.saga(chapter, 'c')).toMatchObject({ status: 'completed' })
  expect(await written(running)).toEqual(['first', 'last', '-chapter'])
  await running.close()
})

test('where nothing takes a child back, its parent cannot be cancelled while the child runs', async () => {
  const chapter = saga('chapter', { startsOn: Withdrawn }).sleep('rest', { for: '1h' })
  const book = saga('book', { startsOn: Asked })
    .step('first', writing('a', 'first'))
    .child('chapter', {
      saga: chapter,
      id: () => 'c',
      data: () => ({ why: '' }),
    })
  const { running, clock } = notebook([book, chapter])
  await running.send(Ask('1', { words: [] }))
  await soon(async () => expect((await running.saga(chapter, 'c'))?.waiting).toHaveLength(1))
  expect(await running.cancelSaga(book, '1', { reason: 'Too dear.' })).toBe(false)
  clock.advance(3_600_000)
  expect(await running.waitForSaga(book, '1', patience)).toMatchObject({ status: 'completed' })
  await running.close()
})
