// Random runs of a reaction, with failures, pauses, restarts and deaths in any order, checked against its guarantees.

import fc from 'fast-check'
import { type ReactionStatus, type RunningSystem, reaction } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { long } from '../../../scripts/campaign.ts'
import { lasting, ParcelPacked, startParcels, until } from './parcels.ts'

const streams = 5

/** One act of the world around a reaction. */
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      ids: fc.array(fc.nat(streams - 1), { minLength: 1, maxLength: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('break' as const), id: fc.nat(streams - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('mend' as const), id: fc.nat(streams - 1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const, 'both' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'die' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('turn' as const), turns: fc.nat(30) }) },
)

test('in any run each event is handled, those of a stream in order, and the checkpoint is correct', {
  timeout: 30 * 60_000,
}, async () => {
  const run = async (acts: readonly (typeof act extends fc.Arbitrary<infer Act> ? Act : never)[], slow: number) => {
    const store = memoryStore()
    let records = memoryConsumers()
    const positionsOf = new Map<string, number[]>()
    /** How many events of each stream were handled, in order. */
    const done = new Map<string, number>()
    const broken = new Set<number>()
    const problems: string[] = []
    let life = 0

    const begin = () => {
      const mine = ++life
      const running = new Set<string>()
      const mail = reaction('mail', { from: 'beginning', retries: 1 }).on(
        ParcelPacked,
        async (_data, event, { signal }) => {
          const { stream, streamId, position } = event
          if (running.has(stream)) problems.push(`${position} runs beside another of ${stream}`)
          running.add(stream)
          try {
            for (let turn = 0; turn < (position * slow) % 4; turn++) await turns(1)
            if (signal.aborted) throw signal.reason
            if (broken.has(Number(streamId))) throw new Error('No such street.')
            // A dead process has no effect.
            if (mine !== life) return
            const index = positionsOf.get(stream)!.indexOf(position)
            const before = done.get(stream) ?? 0
            if (index > before) problems.push(`${position} came before the ${before}th of ${stream}`)
            done.set(stream, Math.max(before, index + 1))
          } finally {
            running.delete(stream)
          }
        },
      )
      return startParcels({ reactions: [mail] }, { store: lasting(store), consumers: records })
    }

    const isTrue = async () => {
      const record = await records.load('mail')
      if (!record) return
      for (const [stream, positions] of positionsOf) {
        const parked = record.parked.find((each) => each.stream === stream)
        const upTo = parked ? Math.min(parked.position - 1, record.checkpoint.position) : record.checkpoint.position
        const claimed = positions.filter((position) => position <= upTo).length
        if (claimed > (done.get(stream) ?? 0))
          problems.push(`${stream}: ${claimed} are said to be done, ${done.get(stream)} are`)
      }
    }

    let system: RunningSystem = begin()
    const name = { name: 'mail' }
    const pending: Promise<unknown>[] = []
    for (const each of acts) {
      if (each.kind === 'append') {
        const events = each.ids.map((id) => ({ stream: `parcel-${id}`, type: 'ParcelPacked', data: { n: 1 } }) as const)
        const written = await store.append({ events })
        if (written.status !== 'written') throw new Error(written.status)
        events.forEach(({ stream }, index) => {
          positionsOf.set(stream, [...(positionsOf.get(stream) ?? []), written.firstPosition + index])
        })
      } else if (each.kind === 'break') broken.add(each.id)
      else if (each.kind === 'mend') broken.delete(each.id)
      else if (each.kind === 'turn') await turns(each.turns)
      else if (each.kind === 'restart') {
        await Promise.all(pending.splice(0))
        await system.close()
        system = begin()
      } else if (each.kind === 'die') {
        await Promise.all(pending.splice(0))
        // The next process gets the records as they are now, and does not see later saves of the dead one.
        const record = await records.load('mail')
        records = memoryConsumers()
        if (record) await records.save(record)
        const dead = system
        system = begin()
        pending.push(dead.close())
      } else {
        if (each.kind !== 'resume') pending.push(system.consumers.pause(name))
        if (each.kind !== 'pause') pending.push(system.consumers.resume(name))
      }
      await isTrue()
    }
    await Promise.all(pending)
    broken.clear()
    const { position } = await store.head()
    await until(async () => {
      await system.consumers.resume(name)
      expect(await system.consumers.show(name)).toMatchObject({
        state: 'running',
        parked: [],
      } satisfies Partial<ReactionStatus>)
    })
    await system.waitFor(name, position, { timeoutMs: 30_000 })
    await isTrue()
    await system.close()
    await isTrue()
    expect(problems).toEqual([])
    for (const [stream, positions] of positionsOf)
      expect([stream, done.get(stream)]).toEqual([stream, positions.length])
    expect(await records.load('mail')).toMatchObject({
      parked: [],
      checkpoint: { position: (await store.head()).position },
    })
    await store.close()
  }
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 25 }), fc.nat(3), run), {
    numRuns: long ? 3_000 : 60,
    endOnFailure: !long,
  })
})

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
