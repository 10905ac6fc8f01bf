// Reactions act on the outside world: at least once for each event, in the order of its stream, and never because a table is rebuilt.
import {
  bigint,
  type ConsumerRecords,
  defineSystem,
  projection,
  type ReactionContext,
  type ReactionStatus,
  type RecordedEvent,
  reaction,
  text,
} from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { event } from '../src/kernel/event-types.ts'
import {
  parkedMessageCharsMax,
  parkedStreamsMax,
  reactionsAtOnceMax,
  reactionsWaitingMax,
} from '../src/runtime/limits.ts'
import {
  gate,
  lasting,
  Pack,
  ParcelPacked,
  ParcelSent,
  ParcelWeighed,
  pack,
  parcels,
  Send,
  startParcels,
  until,
} from './parcels.ts'

const patient = { timeoutMs: 30_000 }

/** What a reaction was called with, in order. */
function calls() {
  const seen: { id: string; n: number; key: string; attempt: number }[] = []
  const see = ({ n }: { n: number }, { streamId }: RecordedEvent, context: ReactionContext) => {
    seen.push({ id: streamId, n, key: context.idempotencyKey, attempt: context.attempt })
  }
  return { seen, see, of: (id: string) => seen.filter((each) => each.id === id).map(({ n }) => n) }
}

test('a reaction is called with data, event and context for each event of its types, and for no others', async () => {
  const got: unknown[] = []
  const mail = reaction('mail')
    .on(ParcelPacked, async ({ n }, { type, streamId, position }, { attempt }) => {
      got.push({ type, n, streamId, position, attempt })
    })
    .on(ParcelSent, ({ to }, { type, streamId, position }, { attempt }) => {
      got.push({ type, to, streamId, position, attempt })
    })
  await using system = startParcels({ reactions: [mail] })
  await system.send(Pack('a', { n: 1 }))
  await system.store.append({ events: [{ stream: 'parcel-a', type: 'ParcelWeighed', data: {} }] })
  await system.send(Send('a', { to: 'Ada' }))
  await system.waitFor(mail, 3, patient)
  expect(got).toEqual([
    { type: 'ParcelPacked', n: 1, streamId: 'a', position: 1, attempt: 1 },
    { type: 'ParcelSent', to: 'Ada', streamId: 'a', position: 3, attempt: 1 },
  ])
})

describe('where a reaction begins', () => {
  test('from now on: it skips what the log had before its first start, and handles everything that came while it was not running', async () => {
    const [store, consumers] = [memoryStore(), memoryConsumers()]
    await pack(store, 'before')
    const { seen, see } = calls()
    const mail = reaction('mail').on(ParcelPacked, see)
    // An event that is appended right after the start is not too early.
    const first = startParcels({ reactions: [mail] }, { store: lasting(store), consumers })
    const appended = pack(store, 'after')
    await first.waitFor(mail, await appended, patient)
    await first.close()
    await pack(store, 'between')
    const second = startParcels({ reactions: [mail] }, { store: lasting(store), consumers })
    await second.waitFor(mail, 3, patient)
    await second.close()
    expect(seen.map(({ id }) => id)).toEqual(['after', 'between'])
  })

  test('from the beginning: it starts with the first event of the log', async () => {
    const [store, consumers] = [memoryStore(), memoryConsumers()]
    await pack(store, 'a', 'b', 'a')
    const { seen, see } = calls()
    const mail = reaction('mail', { from: 'beginning' }).on(ParcelPacked, see)
    for (const _ of ['first', 'second']) {
      const system = startParcels({ reactions: [mail] }, { store: lasting(store), consumers })
      await system.waitFor(mail, 3, patient)
      await system.close()
    }
    expect(seen.map(({ id, n }) => `${id}${n}`).sort()).toEqual(['a1', 'a2', 'b1'])
  })

  test('"now" is saved before the first event is handled: a process that dies immediately does not move it', async () => {
    const [store, consumers] = [memoryStore(), memoryConsumers()]
    const mail = reaction('mail', { retries: 0 }).on(ParcelPacked, async () => await new Promise(() => {}))
    const first = startParcels({ reactions: [mail] }, { store: lasting(store), consumers })
    await until(async () => expect((await consumers.load('mail'))?.checkpoint.position).toBe(0))
    await pack(store, 'a')
    await first.close()
    const { seen, see } = calls()
    const again = reaction('mail').on(ParcelPacked, see)
    await using second = startParcels({ reactions: [again] }, { store: lasting(store), consumers })
    await second.waitFor(again, 1, patient)
    expect(seen).toHaveLength(1)
  })
})

test('events of one stream are handled one after the other, those of other streams concurrently', async () => {
  const hold = gate()
  const { seen, see, of } = calls()
  let running = 0
  const mail = reaction('mail').on(ParcelPacked, async (data, event, context) => {
    if (event.streamId === 'slow') {
      expect(++running).toBe(1)
      if (data.n === 1) await hold.pass(context.signal)
      running--
    }
    see(data, event, context)
  })
  await using system = startParcels({ reactions: [mail] })
  const last = await pack(system.store, 'slow', 'slow', 'a', 'slow', 'b', 'a')
  await until(() => expect(seen).toHaveLength(3))
  expect([of('slow'), of('a'), of('b')]).toEqual([[], [1, 2], [1]])
  expect(await system.consumers.position(mail)).toBe(0)
  hold.open()
  await system.waitFor(mail, last, patient)
  expect(of('slow')).toEqual([1, 2, 3])
})

test('the number of concurrent streams and of events taken in is limited', async () => {
  const hold = gate()
  let most = 0
  const mail = reaction('mail').on(ParcelPacked, async (_data, _event, { signal }) => {
    most = Math.max(most, hold.waiting + 1)
    await hold.pass(signal)
  })
  let read = 0
  const store = memoryStore()
  const counting = {
    ...store,
    async *subscribe(...args: Parameters<typeof store.subscribe>) {
      for await (const batch of store.subscribe(...args)) {
        read += batch.events.length
        yield batch
      }
    },
  }
  await using system = startParcels({ reactions: [mail] }, { store: counting })
  const events = 3 * reactionsWaitingMax
  const last = await pack(system.store, ...Array.from({ length: events }, (_, n) => String(n)))
  await until(() => expect(hold.waiting).toBe(reactionsAtOnceMax))
  await until(() => expect(read).toBeGreaterThan(0))
  expect(read).toBeLessThan(events)
  hold.open()
  await system.waitFor(mail, last, patient)
  expect(most).toBe(reactionsAtOnceMax)
})

test('an event is retried after an error with the same key and with unchanged data', async () => {
  const { seen, see } = calls()
  const mail = reaction('mail', { retries: 2 }).on(ParcelPacked, (data, event, context) => {
    see(data, event, context)
    Object.assign(data, { n: 99 })
    if (context.attempt < 3) throw new Error('The line is busy.')
  })
  await using system = startParcels({ reactions: [mail] })
  await system.waitFor(mail, await pack(system.store, 'a', 'b'), patient)
  expect(seen.map(({ n }) => n)).toEqual([1, 1, 1, 1, 1, 1])
  const keys = new Set(seen.map(({ key }) => key))
  expect(keys.size).toBe(2)
  for (const key of keys)
    expect(seen.filter((each) => each.key === key).map(({ attempt }) => attempt)).toEqual([1, 2, 3])
  expect(await system.consumers.show(mail)).toMatchObject({ state: 'running', parked: [] })
})

test('the key of an event stays the same after a restart, and differs between reactions', async () => {
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  const keys: string[] = []
  const stuck = reaction('mail').on(ParcelPacked, async (_data, _event, { idempotencyKey, signal }) => {
    keys.push(idempotencyKey)
    await gate().pass(signal)
  })
  for (let start = 0; start < 2; start++) {
    const system = startParcels({ reactions: [stuck] }, { store: lasting(store), consumers })
    if (start === 0) await pack(store, 'a')
    await until(() => expect(keys).toHaveLength(start + 1))
    await system.close()
  }
  const other = calls()
  const labels = reaction('labels', { from: 'beginning' }).on(ParcelPacked, other.see)
  await using system = startParcels({ reactions: [labels] }, { store: lasting(store), consumers })
  await system.waitFor(labels, 1, patient)
  expect(keys[0]).toBe(keys[1])
  expect(other.seen[0]!.key).not.toBe(keys[0])
})

describe('an event that keeps failing', () => {
  test('is parked and reported; later events of its stream wait behind it, other streams go on', async () => {
    const notices: unknown[] = []
    let isMended = false
    const { see, of } = calls()
    const mail = reaction('mail', { retries: 1 }).on(ParcelPacked, (data, event, context) => {
      if (event.streamId === 'bad' && data.n === 2 && !isMended) throw new Error('No such street.')
      see(data, event, context)
    })
    await using system = startParcels({ reactions: [mail] }, { onNotice: (notice) => notices.push(notice) })
    const last = await pack(system.store, 'bad', 'bad', 'good', 'bad', 'good', 'bad')
    await system.waitFor(mail, last, patient)
    const parked = { position: 2, type: 'ParcelPacked', stream: 'parcel-bad', message: 'No such street.' }
    const event = { position: 2, id: expect.any(String), type: 'ParcelPacked', stream: 'parcel-bad' }
    expect(await system.consumers.show(mail)).toMatchObject({
      state: 'running',
      position: last,
      parked: [parked],
      error: { message: 'No such street.', event },
    })
    expect(notices).toEqual([{ kind: 'reaction parked', name: 'mail', event: expect.objectContaining(parked) }])
    expect([of('bad'), of('good')]).toEqual([[1], [1, 2]])
    isMended = true
    await system.consumers.resume(mail)
    await until(async () => expect(await system.consumers.show(mail)).toMatchObject({ parked: [] }))
    expect(await system.consumers.show(mail)).not.toHaveProperty('error')
    await system.waitFor(mail, await pack(system.store, 'bad'), patient)
    expect(of('bad')).toEqual([1, 2, 3, 4, 1])
  })

  test('stays parked after a restart, with all events behind it, until it is resumed', async () => {
    const [store, consumers] = [memoryStore(), memoryConsumers()]
    let isMended = false
    const { seen, see, of } = calls()
    const mail = reaction('mail', { retries: 0 }).on(ParcelPacked, (data, event, context) => {
      if (event.streamId === 'bad' && !isMended) throw new Error('No such street.')
      see(data, event, context)
    })
    const first = startParcels({ reactions: [mail] }, { store: lasting(store), consumers })
    await first.waitFor(mail, await pack(store, 'bad', 'bad', 'good'), patient)
    await first.close()
    isMended = true
    await pack(store, 'bad', 'good')
    await using second = startParcels({ reactions: [mail] }, { store: lasting(store), consumers })
    await second.waitFor(mail, 5, patient)
    expect(await second.consumers.show(mail)).toMatchObject({ parked: [{ position: 1 }] })
    expect(seen.map(({ id }) => id)).toEqual(['good', 'good'])
    await second.consumers.resume(mail)
    await until(() => expect(of('bad')).toEqual([1, 2, 1]))
  })

  test('is resumed, and the stream is parked again at the next event that fails', async () => {
    const failing = new Set([1, 3])
    const { see, of } = calls()
    const mail = reaction('mail', { retries: 0 }).on(ParcelPacked, (data, event, context) => {
      if (failing.has(data.n)) throw new Error(`${data.n} does not fit.`)
      see(data, event, context)
    })
    await using system = startParcels({ reactions: [mail] })
    await system.waitFor(mail, await pack(system.store, 'a', 'a', 'a', 'a'), patient)
    const parkedAt = async (position: number) =>
      until(async () => expect(await system.consumers.show(mail)).toMatchObject({ parked: [{ position }] }))
    await parkedAt(1)
    failing.delete(1)
    await system.consumers.resume(mail)
    await parkedAt(3)
    expect(of('a')).toEqual([2 - 1, 2])
    failing.clear()
    await system.consumers.resume(mail)
    await until(() => expect(of('a')).toEqual([1, 2, 3, 4]))
  })

  test('is handled once if it is resumed twice at the same time and once more during the resume', async () => {
    let isMended = false
    const hold = gate()
    const { see, of } = calls()
    const mail = reaction('mail', { retries: 0 }).on(ParcelPacked, async (data, event, context) => {
      if (!isMended) throw new Error('No such street.')
      await hold.pass(context.signal)
      see(data, event, context)
    })
    await using system = startParcels({ reactions: [mail] })
    await system.waitFor(mail, await pack(system.store, 'a', 'a'), patient)
    isMended = true
    await Promise.all([system.consumers.resume(mail), system.consumers.resume(mail)])
    await until(() => expect(hold.waiting).toBe(1))
    await system.consumers.resume(mail)
    await pack(system.store, 'a', 'a')
    hold.open()
    await until(async () => expect(await system.consumers.show(mail)).toMatchObject({ parked: [] }))
    await system.waitFor(mail, (await system.store.head()).position, patient)
    expect(of('a')).toEqual([1, 2, 1, 2])
  })

  test('on too many streams stops the reaction, which reports that, until it is resumed', async () => {
    const store = memoryStore()
    let isMended = false
    const done = new Set<string>()
    const mail = reaction('mail', { from: 'beginning', retries: 0 }).on(ParcelPacked, (_data, { streamId }) => {
      if (!isMended) throw new Error('No such town.')
      done.add(streamId)
    })
    const ids = Array.from({ length: parkedStreamsMax + 2 * reactionsWaitingMax }, (_, n) => String(n))
    const last = await pack(store, ...ids)
    await using system = startParcels({ reactions: [mail] }, { store })
    await expect(system.waitFor(mail, last, patient)).rejects.toMatchObject({
      code: 'consumer_parked',
      message: expect.stringContaining('No such town.'),
    })
    const { state, parked } = (await system.consumers.show(mail)) as ReactionStatus
    expect(state).toBe('parked')
    // Not more than were already running.
    expect(parked.length).toBeLessThanOrEqual(parkedStreamsMax + reactionsWaitingMax)
    isMended = true
    await system.consumers.resume(mail)
    await system.waitFor(mail, last, patient)
    await until(async () => expect(await system.consumers.show(mail)).toMatchObject({ state: 'running', parked: [] }))
    expect(done.size).toBe(ids.length)
  })

  test('may throw any value, of any length', async () => {
    const thrown = [undefined, null, 'text', Object.create(null), new Error('x'.repeat(1_000_000))]
    const mail = reaction('mail', { retries: 0 }).on(ParcelPacked, (_data, { version, streamId }) => {
      if (version === 1) throw thrown[Number(streamId)]
    })
    await using system = startParcels({ reactions: [mail] })
    await system.waitFor(mail, await pack(system.store, ...thrown.map((_, index) => String(index))), patient)
    const { parked } = (await system.consumers.show(mail)) as { parked?: readonly { message: string }[] }
    expect(parked).toHaveLength(thrown.length)
    for (const { message } of parked!) expect(message.length).toBeLessThanOrEqual(parkedMessageCharsMax)
  })

  test('is also parked if the code does not know its version, with what to do', async () => {
    const mail = reaction('mail', { retries: 0 }).on(ParcelPacked, () => {})
    await using system = startParcels({ reactions: [mail] })
    const newer = { stream: 'parcel-a', type: 'ParcelPacked', schemaVersion: 7, data: {} } as const
    const { status } = await system.store.append({ events: [newer] })
    expect(status).toBe('written')
    await system.waitFor(mail, 1, patient)
    expect(await system.consumers.show(mail)).toMatchObject({
      parked: [{ code: 'event_version_unknown', message: expect.stringContaining('deploy that code') }],
    })
  })
})

describe('code that does not end', () => {
  test('is aborted after its timeout, counts as failed, and delays only its own stream', async () => {
    let aborted: unknown
    const mail = reaction('mail', { retries: 0, timeout: '20ms' }).on(
      ParcelPacked,
      async (_data, event, { signal }) => {
        if (event.streamId !== 'stuck') return
        await gate()
          .pass(signal)
          .catch((error) => {
            aborted = error
          })
      },
    )
    await using system = startParcels({ reactions: [mail] })
    await system.waitFor(mail, await pack(system.store, 'stuck', 'a', 'stuck'), patient)
    // It returned as if it were done, but it had been aborted before.
    expect(await system.consumers.show(mail)).toMatchObject({
      parked: [{ position: 1, code: 'wait_timeout', message: expect.stringContaining('20 ms') }],
    })
    expect(aborted).toMatchObject({ code: 'wait_timeout' })
  })

  test('and ignores the abort is abandoned after a moment', async () => {
    const mail = reaction('mail', { retries: 0, timeout: '1ms' }).on(ParcelPacked, () => new Promise(() => {}))
    await using system = startParcels({ reactions: [mail] })
    await system.waitFor(mail, await pack(system.store, 'a'), patient)
    expect(await system.consumers.show(mail)).toMatchObject({ parked: [{ code: 'wait_timeout' }] })
  })

  test('does not block the close of a system, and is called again at the next start', async () => {
    const [store, consumers] = [memoryStore(), memoryConsumers()]
    let signal: AbortSignal | undefined
    const deaf = reaction('mail').on(ParcelPacked, (_data, _event, context) => {
      signal = context.signal
      return new Promise(() => {})
    })
    const first = startParcels({ reactions: [deaf] }, { store: lasting(store), consumers })
    await pack(store, 'a')
    await until(() => expect(signal).toBeDefined())
    await first.close()
    expect(signal!.aborted).toBe(true)
    const { seen, see } = calls()
    const mail = reaction('mail').on(ParcelPacked, see)
    await using second = startParcels({ reactions: [mail] }, { store: lasting(store), consumers })
    await second.waitFor(mail, 1, patient)
    expect(seen).toHaveLength(1)
  })

  test('a system closes while a reaction waits for a retry, and the event is tried at the next start', async () => {
    const [store, consumers] = [memoryStore(), memoryConsumers()]
    let tries = 0
    const failing = reaction('mail', { retries: 1_000_000 }).on(ParcelPacked, () => {
      tries++
      throw new Error('The line is busy.')
    })
    const first = startParcels({ reactions: [failing] }, { store: lasting(store), consumers })
    await pack(store, 'a')
    await until(() => expect(tries).toBeGreaterThan(3))
    await first.close()
    expect(await consumers.load('mail')).toMatchObject({ checkpoint: { position: 0 }, parked: [] })
    const ended = tries
    await using _ = startParcels({ reactions: [failing] }, { store: lasting(store), consumers })
    await until(() => expect(tries).toBeGreaterThan(ended))
  })

  test('code that returns early because it was aborted is called again', async () => {
    const [store, consumers] = [memoryStore(), memoryConsumers()]
    let begun = 0
    let done = 0
    const mail = reaction('mail').on(ParcelPacked, async (_data, _event, { signal }) => {
      if (++begun === 1)
        await gate()
          .pass(signal)
          .catch(() => {})
      if (signal.aborted) return
      done++
    })
    const first = startParcels({ reactions: [mail] }, { store: lasting(store), consumers })
    await pack(store, 'a')
    await until(() => expect(begun).toBe(1))
    await first.close()
    await using second = startParcels({ reactions: [mail] }, { store: lasting(store), consumers })
    await second.waitFor(mail, 1, patient)
    expect([begun, done]).toEqual([2, 1])
  })
})

test('the checkpoint is not saved for every event of other types, but when the system closes', async () => {
  const [store, kept] = [memoryStore(), memoryConsumers()]
  let saves = 0
  const consumers: ConsumerRecords = { load: kept.load, save: (record) => kept.save(record).finally(() => saves++) }
  const mail = reaction('mail').on(ParcelPacked, () => {})
  const system = startParcels({ reactions: [mail] }, { store: lasting(store), consumers })
  for (let count = 1; count <= 100; count++) {
    await store.append({ events: [{ stream: 'parcel-a', type: 'ParcelWeighed', data: {} }] })
    await system.waitFor(mail, count, patient)
  }
  await system.close()
  expect((await kept.load('mail'))?.checkpoint.position).toBe(100)
  expect(saves).toBeLessThan(10)
})

test('rebuilding a table fires no reaction', async () => {
  const { seen, see } = calls()
  const mail = reaction('mail', { from: 'beginning' }).on(ParcelPacked, see)
  const table = projection('parcels', { table: { parcel: text().key(), packed: bigint() } }).on(
    ParcelPacked,
    { initial: ({ parcel }) => ({ parcel: String(parcel), packed: 0 }) },
    (row) => ({ ...row, packed: row.packed + 1 }),
  )
  await using system = startParcels({ reactions: [mail], projections: [table] })
  const last = await pack(system.store, 'a', 'b', 'a')
  await system.waitFor(mail, last, patient)
  await system.waitFor(table, last, patient)
  expect(await system.rebuild(table)).toMatchObject({ rows: 2 })
  await system.waitFor(mail, await pack(system.store, 'c'), patient)
  expect(seen.map(({ id, n }) => `${id}${n}`).sort()).toEqual(['a1', 'a2', 'b1', 'c1'])
})

test('older versions of an event arrive in the newest form', async () => {
  const Renamed = event('ParcelPacked', z.object({ n: z.int() }))
    .next(z.object({ n: z.int(), by: z.string() }))
    .upcast(({ n }) => ({ n, by: 'nobody' }))
  const got: unknown[] = []
  const mail = reaction('mail', { from: 'beginning' }).on(Renamed, (data) => void got.push(data))
  const { commands, ...others } = parcels({})
  const system = { ...others, commands: [], events: [Renamed], reactions: [mail], aggregates: [] }
  const { startSystem } = await import('indelible')
  await using running = startSystem(system)
  expect(commands).toHaveLength(2)
  await running.waitFor(mail, await pack(running.store, 'a'), patient)
  expect(got).toEqual([{ n: 1, by: 'nobody' }])
})

describe('an invalid declaration is refused with what to do', () => {
  const refused = (declare: () => unknown) =>
    expect(declare).toThrow(expect.objectContaining({ code: 'invalid_declaration' }))

  test.each([
    ['a name with a space', () => reaction('a b')],
    ['no name', () => reaction('')],
    ['a name that is too long', () => reaction('x'.repeat(61))],
    ['another beginning', () => reaction('a', { from: 'yesterday' as never })],
    ['half a retry', () => reaction('a', { retries: 0.5 })],
    ['retries below none', () => reaction('a', { retries: -1 })],
    ['a timeout without unit', () => reaction('a', { timeout: '30' })],
    ['a timeout of nothing', () => reaction('a', { timeout: '0ms' })],
    [
      'two handlers of an event',
      () =>
        reaction('a')
          .on(ParcelPacked, () => {})
          .on(ParcelPacked, () => {}),
    ],
    ['no function', () => reaction('a').on(ParcelPacked, undefined as never)],
    ['no event', () => reaction('a').on('ParcelPacked' as never, () => {})],
    ['no event at all', () => parcels({ reactions: [reaction('a')] })],
    [
      'an event that nothing emits',
      () =>
        defineSystem({
          name: 'x',
          commands: [Pack],
          reactions: [reaction('a').on(event('Else', z.object({})), () => {})],
        }),
    ],
    [
      'the name of another',
      () => parcels({ reactions: [reaction('a').on(ParcelSent, () => {}), reaction('a').on(ParcelWeighed, () => {})] }),
    ],
  ])('%s', (_what, declare) => refused(declare))
})
