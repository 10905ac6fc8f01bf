// States and tables at points of history, against a replay that reads everything and thinks about nothing.
import fc from 'fast-check'
import { bigint, event, projection, type RecordedEvent, text } from 'indelible'
import { type AsOf, pointOfText, stateAsOf, textOfPoint, viewAsOf } from 'indelible/history'
import { memorySnapshots, memoryStore } from 'indelible/memory'
import { manualClock } from 'indelible/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { long } from '../../../scripts/campaign.ts'
import { aggregate, defineSystem, startSystem } from '../src/index.ts'

const Paid = event('Paid', z.object({ amount: z.number() }))
const Emptied = event('Emptied', z.object({}))
const jar = aggregate('jar', { initialState: { sum: 0, payments: [] as number[] } })
  .on(Paid, ({ sum, payments }, { amount }) => ({ sum: sum + amount, payments: [...payments, amount].slice(-3) }))
  .on(Emptied, () => ({ sum: 0, payments: [] }))
const Pay = jar.command('Pay', {
  input: z.object({ amounts: z.array(z.number()), isEmptied: z.boolean() }),
  emits: [Paid, Emptied],
  decide: (_state, { amounts, isEmptied }) => [
    ...(isEmptied ? [Emptied({})] : []),
    ...amounts.map((amount) => Paid({ amount })),
  ],
})
const jars = projection('jars', { table: { jar_id: text().key(), sum: bigint() } })
  .on(Paid, { initial: (_key, _data, { streamId }) => ({ jar_id: streamId, sum: 0 }) }, (row, { amount }) => ({
    ...row,
    sum: row.sum + amount,
  }))
  .write(Emptied, () => undefined)
const system = defineSystem({ name: 'jars', commands: [Pay], projections: [jars] })

const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04']
const times = ['T00:00:00Z', 'T12:00:00.0005Z', 'T23:59:59.999999999Z', 'T23:30:00-01:00']
const time = fc.oneof(
  fc.constantFrom(...days),
  fc.tuple(fc.constantFrom(...days), fc.constantFrom(...times)).map(([day, at]) => day + at),
)
const payment = fc.record({
  id: fc.constantFrom('a', 'b'),
  amounts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 80 }),
  isEmptied: fc.boolean(),
  validAt: fc.option(time, { nil: undefined }),
  laterMs: fc.constantFrom(0, 1, 43_200_000, 86_400_000),
})
const known = fc.oneof(fc.record({ position: fc.nat(400) }), fc.record({ recordedAt: time }))
const point: fc.Arbitrary<AsOf> = fc.oneof(
  fc.record({ version: fc.nat(400) }),
  known,
  fc.record({ validAt: time }),
  fc.tuple(known, time).map(([known, validAt]) => ({ ...known, validAt })),
)

/** The meaning of a point, in whole nanoseconds, event by event. */
function isIn(asOf: AsOf, { version, position, recordedAt, validAt }: RecordedEvent): boolean {
  const asked = asOf as { version?: number; position?: number; recordedAt?: string; validAt?: string }
  return (
    version <= (asked.version ?? version) &&
    position <= (asked.position ?? position) &&
    (asked.recordedAt === undefined || nanos(recordedAt) < endNanos(asked.recordedAt)) &&
    (asked.validAt === undefined || nanos(validAt ?? recordedAt) < endNanos(asked.validAt))
  )
}

function nanos(text: string): bigint {
  const beyond = /\.\d{3}(\d+)/.exec(text)?.[1] ?? ''
  return BigInt(Date.parse(text)) * 1_000_000n + BigInt(beyond.padEnd(6, '0'))
}

/** The first nanosecond that is not in. */
function endNanos(text: string): bigint {
  return nanos(text) + (text.includes('T') ? 1n : 86_400_000_000_000n)
}

test('every state and every table at a random point is that of a replay of all events that belong to it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(payment, { minLength: 1, maxLength: 15 }),
      fc.array(point, { minLength: 5, maxLength: 15 }),
      async (payments, points) => {
        const clock = manualClock('2026-01-01T00:00:00Z')
        const store = memoryStore({ clock })
        const snapshots = memorySnapshots()
        await using running = startSystem(system, { store, clock, snapshots, domainCode: 'trusted' })
        for (const { id, amounts, isEmptied, validAt, laterMs } of payments) {
          await running.send(Pay(id, { amounts, isEmptied }), { validAt })
          clock.advance(laterMs)
        }
        const batches = await Array.fromAsync(store.read([{ categories: ['jar'] }]))
        const events = batches.flatMap(({ events }) => events)
        const head = events.length
        for (const asOf of points) {
          for (const id of ['a', 'b']) {
            const own = events.filter((each) => each.streamId === id && isIn(asOf, each))
            const expected = own.reduce((state, each) => jar.evolve(state, each), jar.initialState)
            const { state, version, position, recordedAt } = await stateAsOf(store, jar, { id, asOf, snapshots })
            expect({ state, version, position, recordedAt }).toEqual({
              state: expected,
              version: own.at(-1)?.version ?? 0,
              position: own.at(-1)?.position ?? 0,
              recordedAt: own.at(-1)?.recordedAt ?? null,
            })
          }
          expect(pointOfText(textOfPoint(asOf))).toEqual(asOf)
          if ('version' in asOf) continue
          const sums = new Map<string, number>()
          for (const each of events) {
            if (!isIn(asOf, each) || each.type !== 'Paid') continue
            sums.set(each.streamId, (sums.get(each.streamId) ?? 0) + (each.data as { amount: number }).amount)
          }
          const expected = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([jar_id, sum]) => ({ jar_id, sum }))
          expect(await viewAsOf(store, jars, { asOf })).toEqual(expected)
          if ('position' in asOf && asOf.position > head) continue
          expect(await running.select(jars, { asOf })).toEqual(expected)
        }
      },
    ),
    { numRuns: long ? 2_000 : 60 },
  )
})

test('a basis shows one moment, whatever is written meanwhile', async () => {
  await using running = startSystem(system)
  const { store } = running
  await running.send(Pay('a', { amounts: [1, 2], isEmptied: false }))
  await running.send(Pay('b', { amounts: [5], isEmptied: false }))
  const basis = await running.pin()
  await running.send(Pay('a', { amounts: [100], isEmptied: false }))
  expect(basis.position).toBe(3)
  expect((await basis.state(jar, 'a')).state.sum).toBe(3)
  expect(await basis.view(jars)).toEqual([
    { jar_id: 'a', sum: 3 },
    { jar_id: 'b', sum: 5 },
  ])
  expect(await basis.view(jars, { where: { sum: { gt: 3 } }, orderBy: { sum: 'desc' }, limit: 1 })).toEqual([
    { jar_id: 'b', sum: 5 },
  ])
  const before = await running.pin(1)
  expect([await before.view(jars), (await before.state(jar, 'b')).version]).toEqual([[{ jar_id: 'a', sum: 1 }], 0])
  expect((await running.pin((await store.head()).recordedAt!)).position).toBe(4)
  await expect(running.pin(5)).rejects.toMatchObject({ code: 'invalid_position' })
  await expect(running.pin('last week')).rejects.toMatchObject({ code: 'invalid_time' })
})

test.each([
  '',
  'v3',
  'version:x',
  'version:1,valid:2026-01-01',
  'position:1,recorded:2026-01-01',
  'valid:soon',
  'position:1,position:2',
])('"%s" is no point of history', (text) => {
  expect(() => pointOfText(text)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^invalid_/) }))
})

test('the state of a long stream in the past is folded from a snapshot near it, not from the first event', async () => {
  const snapshots = memorySnapshots()
  await using running = startSystem(system, { snapshots, domainCode: 'trusted' })
  for (let n = 0; n < 50; n++) await running.send(Pay('a', { amounts: Array(50).fill(1), isEmptied: false }))
  let evolved = 0
  const count = <State>(state: State) => {
    evolved++
    return state
  }
  const counting = { ...jar, evolve: (...given: Parameters<typeof jar.evolve>) => count(jar.evolve(...given)) }
  for (const version of [120, 1_234, 2_480, 2_500]) {
    evolved = 0
    const { state } = await stateAsOf(running.store, counting, { id: 'a', asOf: { version }, snapshots })
    expect([state.sum, evolved < 100]).toEqual([version, true])
  }
})
