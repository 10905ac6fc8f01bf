// Replays of some types.
import assert from 'node:assert/strict'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { EventStore } from '../../store/port.ts'
import type { ContractCase } from './contract-case.ts'
import { all, fact, fieldsOf, replay, writeHistory } from './store-support.ts'

export const replayingContract: readonly ContractCase<EventStore>[] = [
  {
    name: 'a replay gives the events of some types in the order of the log, each as a read gives it',
    async run(store) {
      await writeHistory(store)
      const types = ['Moved', 'Raw', 'Opened']
      const replayed = await replay(store, types, { after: 0 })
      const read = await all(store, [{ types }])
      assert.ok(read.length > 20)
      assert.deepEqual(
        replayed.map(({ event }) => fieldsOf(event)),
        read.map(fieldsOf),
      )
      for (const { event, type, streamId } of replayed) {
        assert.deepEqual([types[type], streamId], [event.type, event.streamId])
      }
      const [one] = await replay(store, ['Renamed'], { after: 0 })
      assert.deepEqual([one!.event.type, one!.type], ['Renamed', 0])
    },
  },
  {
    name: 'a replay begins after a position and ends with another, and says that it came there',
    async run(store) {
      await writeHistory(store)
      const { position: head } = await store.head()
      const positions = (await all(store, [{ types: ['Moved'] }])).map(({ position }) => position)
      for (const [after, to] of [
        [0, head],
        [3, head],
        [7, 20],
        [20, 20],
        [head, head],
        [0, head + 100],
        [head - 1, undefined],
      ] as const) {
        let through = after
        const found: number[] = []
        for await (const batch of store.replay(['Moved'], { after, ...(to === undefined ? {} : { to }) })) {
          assert.ok(batch.through >= through)
          through = batch.through
          for (let index = 0; index < batch.length; index++) {
            const { position } = batch.event(index)
            assert.ok(position <= through)
            found.push(position)
          }
        }
        assert.equal(through, Math.min(to ?? head, head))
        const expected = positions.filter((position) => position > after && position <= (to ?? head))
        assert.deepEqual(found, expected)
      }
      assert.deepEqual(await replay(store, ['Nothing'], { after: 0 }), [])
    },
  },
  {
    name: 'a replay numbers streams within a batch, and its events may be kept and changed',
    async run(store) {
      await writeHistory(store)
      const kept: RecordedEvent[] = []
      for await (const batch of store.replay(['Moved', 'Opened'], { after: 0 })) {
        const names = new Map<number, string>()
        for (let index = 0; index < batch.length; index++) {
          const [number, event] = [batch.streams[index]!, batch.event(index)]
          assert.ok(number < batch.streamCount)
          assert.equal(names.get(number) ?? event.stream, event.stream)
          names.set(number, event.stream)
          assert.equal(batch.streamId(number), event.streamId)
          kept.push(event)
        }
        const [changed] = [batch.event(0)]
        if (batch.length > 0) Object.assign(changed.data as object, { forged: true })
      }
      const read = await all(store, [{ types: ['Moved', 'Opened'] }])
      assert.deepEqual(kept.map(fieldsOf), read.map(fieldsOf))
      const again = await replay(store, ['Moved', 'Opened'], { after: 0 })
      assert.deepEqual(
        again.map(({ event }) => event.data),
        read.map(({ data }) => data),
      )
    },
  },
  {
    name: 'a replay of no types, or of impossible positions, is refused',
    async run(store) {
      await store.append({ events: [fact('thing-1')] })
      await assert.rejects(replay(store, [], { after: 0 }), { code: 'invalid_query' })
      await assert.rejects(replay(store, ['Happened'], { after: -1 }), { code: 'invalid_position' })
      await assert.rejects(replay(store, ['Happened'], { after: 0, to: 0.5 }), { code: 'invalid_position' })
    },
  },
]
