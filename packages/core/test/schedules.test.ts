// Commands that are sent at a later time: set, sent and cancelled as events, once, whatever happens to the process and its clock.
import { IndelibleError, type RunningSystem } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { operations } from 'indelible/operations'
import { crashingStore, manualClock } from 'indelible/testing'
import { expect, test, vi } from 'vitest'
import { Ask, notebook, Write, written } from './notebook.ts'

const day = 86_400_000
const alive = { after: Number.POSITIVE_INFINITY, written: false }
const patience = { timeout: 10_000, interval: 2 }

const becomes = (running: RunningSystem, id: string, status: string) =>
  vi.waitFor(async () => expect((await running.scheduled(id)).status).toBe(status), patience)

const waiting = (running: RunningSystem, count: number) =>
  vi.waitFor(async () => {
    const status = await running.consumers.show({ name: '$schedule' })
    expect(status).toMatchObject({ state: 'running', active: 0, waiting: count })
  }, patience)

test('a command is sent at its time, once, and its events lead to who scheduled it', async () => {
  const { running, clock } = notebook([])
  const scheduled = await running.schedule(Write('a', { word: 'tea' }), {
    id: 's1',
    at: '2026-01-02T01:00:00+01:00',
    actor: 'ada',
    correlationId: 'breakfast',
  })
  expect(scheduled).toEqual({ scheduleId: 's1', at: '2026-01-02T00:00:00.000Z', duplicate: false })
  await waiting(running, 1)
  clock.advance(day - 1)
  expect(await running.scheduled('s1')).toMatchObject({ status: 'waiting', actor: 'ada', command: { type: 'Write' } })
  clock.advance(1)
  await becomes(running, 's1', 'done')
  expect(await written(running)).toEqual(['tea'])

  const events = await Array.fromAsync(running.store.read('all', { reserved: true }))
  const byId = new Map(events.flatMap((batch) => batch.events).map((event) => [event.id, event]))
  let event = [...byId.values()].find(({ type }) => type === 'Written')!
  expect(event.metadata).toMatchObject({
    correlationId: 'breakfast',
    commandId: (await running.scheduled('s1')).commandId,
  })
  while (byId.has(event.metadata.causationId!)) event = byId.get(event.metadata.causationId!)!
  expect(event).toMatchObject({ type: '$SagaStarted', stream: '$schedule-s1', metadata: { actor: 'ada' } })
  await running.close()
})

test.each(['closed', 'killed'] as const)(
  'what is scheduled survives a process that is %s, and late ones are sent once',
  async (end) => {
    const [store, consumers, clock] = [memoryStore(), memoryConsumers(), manualClock()]
    const count = 300
    const dying = end === 'killed' ? { ...consumers, save: async () => 'saved' as const } : consumers
    const first = notebook([], { store: crashingStore(store, alive), consumers: dying, clock })
    for (let n = 0; n < count; n++)
      await first.running.schedule(Write('a', { word: `w${n}` }), { id: `${n}`, in: '30d' })
    await waiting(first.running, count)
    await first.running.close()

    clock.advance(29 * day)
    const second = notebook([], { store: crashingStore(store, alive), consumers, clock })
    await waiting(second.running, count)
    expect(await written(second.running)).toEqual([])
    await second.running.close()

    clock.advance(90 * day)
    const third = notebook([], { store: crashingStore(store, alive), consumers, clock })
    await waiting(third.running, 0)
    expect([...(await written(third.running))].sort()).toEqual(Array.from({ length: count }, (_, n) => `w${n}`).sort())
    await third.running.close()
  },
)

test('a clock that goes back delays what is scheduled, and it is sent once', async () => {
  const { running, clock } = notebook([])
  await running.schedule(Write('a', { word: 'tea' }), { id: 's1', in: '10d' })
  await waiting(running, 1)
  clock.advance(-5 * day)
  clock.advance(10 * day)
  await waiting(running, 1)
  expect(await written(running)).toEqual([])
  clock.advance(5 * day)
  await becomes(running, 's1', 'done')
  // Once more through the same time.
  clock.advance(-5 * day)
  clock.advance(5 * day)
  await waiting(running, 0)
  expect(await written(running)).toEqual(['tea'])
  await running.close()
})

test('at whichever append the process dies, a command is sent once', async () => {
  for (let after = 0; ; after++) {
    let hasCrashed = false
    for (const isWritten of [false, true]) {
      const [store, consumers, clock] = [memoryStore(), memoryConsumers(), manualClock()]
      const dying = crashingStore(store, { after, written: isWritten })
      const course = async (running: RunningSystem) => {
        const at = '2026-01-03T00:00:00Z'
        await running.schedule(Write('a', { word: 'tea' }), { id: 's1', at })
        clock.advance(3 * day)
        await vi.waitFor(async () => {
          if (running === first.running && dying.hasCrashed) return
          expect((await running.scheduled('s1')).status).toBe('done')
        }, patience)
      }
      const first = notebook([], { store: dying, consumers, clock })
      await course(first.running).catch((error) => expect(error).toMatchObject({ code: 'store_closed' }))
      hasCrashed ||= dying.hasCrashed
      await first.running.close()
      const second = notebook([], { store, consumers, clock })
      await course(second.running)
      expect(await written(second.running), `crash after ${after}, written: ${isWritten}`).toEqual(['tea'])
      await second.running.close()
    }
    if (!hasCrashed) {
      expect(after).toBeGreaterThan(3)
      return
    }
  }
})

test('what is cancelled is never sent, and the log has who cancelled it and why', async () => {
  const { running, clock, store } = notebook([])
  for (const id of ['s1', 's2']) await running.schedule(Write('a', { word: id }), { id, in: '1d' })
  await waiting(running, 2)
  expect(await running.cancelSchedule('s1', { actor: 'ben', reason: 'No thirst.' })).toBe(true)
  expect(await running.cancelSchedule('s1', { reason: 'Again.' })).toBe(false)
  clock.advance(2 * day)
  await becomes(running, 's2', 'done')
  expect(await running.cancelSchedule('s2', { reason: 'Too late.' })).toBe(false)
  expect(await running.scheduled('s1')).toMatchObject({ status: 'cancelled', cancelReason: 'No thirst.' })
  expect(await written(running)).toEqual(['s2'])
  const [batch] = await Array.fromAsync(store.read([{ types: ['$SagaCancelled'] }]))
  expect(batch!.events).toMatchObject([
    { stream: '$schedule-s1', metadata: { actor: 'ben' }, data: { reason: 'No thirst.' } },
  ])
  await expect(running.cancelSchedule('s9', { reason: 'x' })).rejects.toMatchObject({ code: 'schedule_missing' })
  await running.close()
})

test('a cancellation that meets the time of its command wins wholly or not at all', async () => {
  for (let round = 0; round < 30; round++) {
    const { running, clock } = notebook([])
    await running.schedule(Write('a', { word: 'tea' }), { id: 's1', in: '1d' })
    await waiting(running, 1)
    clock.advance(day)
    for (let tick = 0; tick < round; tick++) await Promise.resolve()
    const isCancelled = await running.cancelSchedule('s1', { reason: 'x' })
    await becomes(running, 's1', isCancelled ? 'cancelled' : 'done')
    await waiting(running, 0)
    expect(await written(running)).toEqual(isCancelled ? [] : ['tea'])
    await running.close()
  }
})

test('the same under the same id is scheduled once; anything else is refused', async () => {
  const { running, clock } = notebook([])
  const tea = Write('a', { word: 'tea' })
  const first = await running.schedule(tea, { id: 's1', in: '1d' })
  clock.advance(1000)
  expect(await running.schedule(tea, { id: 's1', in: '1d' })).toEqual({ ...first, duplicate: true })
  const other = { code: 'schedule_id_reused', details: { scheduleId: 's1' } }
  await expect(running.schedule(tea, { id: 's1', in: '2d' })).rejects.toMatchObject(other)
  await expect(running.schedule(Write('b', { word: 'tea' }), { id: 's1', in: '1d' })).rejects.toMatchObject(other)
  await running.schedule(tea, { id: 's2', at: '2026-01-05T00:00:00Z' })
  expect(await running.schedule(tea, { id: 's2', at: '2026-01-05T01:00:00+01:00' })).toMatchObject({ duplicate: true })
  const both = await Promise.allSettled(
    [1, 2, 3].map((n) => running.schedule(Write(`${n}`, { word: 'x' }), { id: 's3', in: '1d' })),
  )
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  // Ids of its own each.
  const [one, two] = [await running.schedule(tea, { in: '1d' }), await running.schedule(tea, { in: '1d' })]
  expect(one.scheduleId).not.toBe(two.scheduleId)
  await running.close()
})

test.each([
  ['an unknown command', { ...Write('a', { word: 'x' }), type: 'Wriet' }, { in: '1d' }, 'unknown_command'],
  ['input that does not fit', Write('a', { word: 5 } as never), { in: '1d' }, 'invalid_command'],
  ['input that is no JSON', Write('a', { word: 5n } as never), { in: '1d' }, 'invalid_command'],
  ['input that JSON changes', Write('a', { word: new Date() } as never), { in: '1d' }, undefined],
  ['an id that cannot be', Write('\n', { word: 'x' }), { in: '1d' }, 'invalid_stream_name'],
  ['a day without a zone', Write('a', { word: 'x' }), { at: '2026-03-29' }, 'invalid_time'],
  ['a time without a zone', Write('a', { word: 'x' }), { at: '2026-03-29T09:00:00' }, 'invalid_time'],
  ['no time', Write('a', { word: 'x' }), {}, 'invalid_time'],
  ['two times', Write('a', { word: 'x' }), { in: '1d', at: '2026-03-29T09:00:00Z' }, 'invalid_time'],
  ['no length of time', Write('a', { word: 'x' }), { in: 'soon' }, 'invalid_time'],
])('%s is refused when it is scheduled, not later', async (_what, command, when, code) => {
  const { running, store } = notebook([])
  const scheduled = running.schedule(command, when as never)
  if (code === undefined) expect(await scheduled).toMatchObject({ duplicate: false })
  else {
    await expect(scheduled).rejects.toMatchObject({ code })
    expect((await store.head()).position).toBe(0)
  }
  await running.close()
})

test('a command that is refused at its time carries out nothing, and shows why', async () => {
  const { running } = notebook([])
  // A time that is past is now.
  await running.schedule(Write('a', { word: 'no way' }), { id: 's1', at: '1999-01-01T00:00:00Z' })
  await becomes(running, 's1', 'refused')
  expect(await running.scheduled('s1')).toMatchObject({ refusal: { reason: 'Refused', details: { word: 'no way' } } })
  expect(await written(running)).toEqual([])
  const listed = await operations.listSchedules.run(running, { status: 'refused' })
  expect(listed).toMatchObject({ schedules: [{ scheduleId: 's1', problem: null }], next: null })
  await running.close()
})

test('a command that nobody declares any more is listed with its problem, and sent once somebody does', async () => {
  const [store, consumers, clock] = [memoryStore(), memoryConsumers(), manualClock()]
  const kept = { ...store, close: async () => {} }
  const first = notebook([], { store: kept, consumers, clock })
  await first.running.schedule(Write('a', { word: 'tea' }), { id: 's1', in: '1d' })
  await waiting(first.running, 1)
  await first.running.close()
  clock.advance(2 * day)
  const { defineSystem, startSystem } = await import('indelible')
  const without = startSystem(defineSystem({ name: 'other', commands: [Ask] }), { store: kept, consumers, clock })
  await vi.waitFor(async () => {
    const { problem } = await operations.showSchedule.run(without, { scheduleId: 's1' })
    expect(problem).toContain('"Write" to page-a')
  }, patience)
  await without.close()
  const again = notebook([], { store: kept, consumers, clock })
  await becomes(again.running, 's1', 'done')
  expect(await written(again.running)).toEqual(['tea'])
  await again.running.close()
})

test('while schedules are paused nothing is sent, and they can still be made and cancelled', async () => {
  const { running, clock } = notebook([])
  await running.consumers.pause({ name: '$schedule' }, { actor: 'ada' })
  for (const id of ['s1', 's2']) await running.schedule(Write('a', { word: id }), { id, in: '1d' })
  expect(await running.cancelSchedule('s1', { reason: 'x' })).toBe(true)
  clock.advance(2 * day)
  expect(await running.scheduled('s2')).toMatchObject({ status: 'waiting' })
  await running.consumers.resume({ name: '$schedule' })
  await becomes(running, 's2', 'done')
  expect(await written(running)).toEqual(['s2'])
  await running.close()
})

test('the list is read page by page, in the order in which they were scheduled', async () => {
  const { running } = notebook([])
  for (let n = 0; n < 25; n++) await running.schedule(Write('a', { word: 'x' }), { id: `${n}`, in: `${n % 2}d` })
  await waiting(running, 12)
  const ids: string[] = []
  let from: number | undefined
  do {
    const page = await operations.listSchedules.run(running, { limit: 5, from })
    ids.push(...page.schedules.map(({ scheduleId }) => scheduleId))
    from = page.next ?? undefined
  } while (from !== undefined)
  expect(ids).toEqual(Array.from({ length: 12 }, (_, n) => `${2 * n + 1}`))
  await running.close()
  await expect(running.schedule(Write('a', { word: 'x' }), { in: '1d' })).rejects.toBeInstanceOf(IndelibleError)
})
