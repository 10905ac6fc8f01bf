// Sagas that only other sagas start: they declare their data and no start event.
import { defineSystem, saga } from 'indelible'
import { describeSystem, mermaidOf, sagaDiagram } from 'indelible/schema'
import { rehearse } from 'indelible/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, notebook, Sign, Tear, Withdraw, Write, writing, written } from './notebook.ts'
import { patience, soon } from './patience.ts'

const chapter = saga('chapter', { data: z.object({ word: z.string().max(5), times: z.int().default(2) }) }).step(
  'write',
  {
    command: Write,
    to: () => 'a',
    input: ({ word, times }) => ({ word: word.repeat(times) }),
  },
)
const book = saga('book', { startsOn: Asked })
  .step('title', writing('a', 'title'))
  .child('chapter', {
    saga: chapter,
    id: (_data, { sagaId }) => `${sagaId}-1`,
    data: ({ words }) => ({ word: words[0]! }),
  })
const commands = [Write, Tear, Ask, Sign, Withdraw]

test('it is started by its parent, with the data that its schema makes of what the parent gives', async () => {
  const { running } = notebook([book, chapter])
  await running.send(Ask('1', { words: ['hey'] }))
  expect(await running.waitForSaga(book, '1', patience)).toMatchObject({ status: 'completed' })
  expect(await running.saga(chapter, '1-1')).toMatchObject({ input: { word: 'hey', times: 2 } })
  expect(await written(running)).toEqual(['title', 'heyhey'])
  await running.close()
})

test('data that do not fit are a fault of the code: the parent needs intervention, and nothing is started', async () => {
  const { running } = notebook([book, chapter])
  await running.send(Ask('1', { words: ['far too long'] }))
  await soon(async () =>
    expect(await running.consumers.show(book)).toMatchObject({
      needsIntervention: [
        { sagaId: '1', problem: expect.stringContaining('The data of the saga "chapter" does not fit') },
      ],
    }),
  )
  expect(await running.saga(chapter, '1-1')).toBeUndefined()
  await running.close()
})

test('it is rehearsed with its data', () => {
  const run = rehearse(chapter, { word: 'hey' })
  expect(run.sends).toMatchObject({ write: { input: { word: 'heyhey' } } })
  expect(run.done('write').state.status).toBe('completed')
  expect(() => rehearse(chapter, { word: 'far too long' })).toThrow('The data of the saga "chapter" does not fit')
})

test('its schema and its start are in descriptions and drawings', () => {
  const description = describeSystem(defineSystem({ name: 'notebook', commands, sagas: [book, chapter] }))
  const described = description.sagas.find(({ name }) => name === 'chapter')!
  expect(described).toMatchObject({ startsOn: [], data: { properties: { word: { type: 'string' } } } })
  expect(mermaidOf(sagaDiagram(described, description))).toContain('(["another saga"])')
})

test('one that nobody starts is refused, and so is one with both a start event and data', () => {
  expect(() => defineSystem({ name: 'notebook', commands, sagas: [chapter] })).toThrow(
    'Saga "chapter" has no start event, and no saga starts it as a child. Add "startsOn", or .child(…) to another saga.',
  )
  expect(() => saga('both', { startsOn: Asked, data: z.object({}) } as never)).toThrow(
    'Saga "both" has "data", which must be a schema, and is only for a saga without "startsOn" that other sagas start.',
  )
  expect(() => saga('none', {} as never)).toThrow(
    'Saga "none" needs the event that starts it: startsOn: TransferRequested. Where only other sagas start it, it needs a schema',
  )
})
