import fc from 'fast-check'
import { expect, test } from 'vitest'
import { spreadOf } from './spread.ts'

const nothing = new Set<string>()
const partitionsOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => [`${name}.${n}`, name] as const)

/** Processes that look one after the other, until none does anything more. */
function settled(
  processes: readonly string[],
  wanted: ReadonlyMap<string, string>,
  begun: ReadonlyMap<string, string>,
) {
  const held = new Map([...begun].filter(([, holder]) => processes.includes(holder)))
  for (let round = 0, isMoving = true; isMoving; round++) {
    expect(round, 'it comes to an end').toBeLessThan(10)
    isMoving = false
    for (const process of processes) {
      const leases = [...held].map(([name, holder]) => ({ name, holder, token: 1, report: null }))
      const view = { processes, leases }
      const { take, giveUp } = spreadOf({ view, process, wanted, overdue: nothing, kept: nothing })
      for (const name of giveUp) held.delete(name)
      for (const name of take) {
        expect(held.has(name)).toBe(false)
        held.set(name, process)
      }
      isMoving ||= take.length + giveUp.length > 0
    }
  }
  return held
}

const worlds = fc.record({
  singles: fc.integer({ min: 0, max: 30 }),
  sagas: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
  processes: fc.integer({ min: 1, max: 9 }),
  left: fc.integer({ min: 1, max: 9 }),
})

test('all leases are taken, each process has its fair share of all and of each saga, and few change hands when processes come or go', () => {
  fc.assert(
    fc.property(worlds, ({ singles, sagas, processes: count, left }) => {
      const wanted = new Map([
        ...Array.from({ length: singles }, (_, n) => [`consumer-${n}`, ''] as const),
        ...sagas.flatMap((partitions, n) => partitionsOf(`saga-${n}`, partitions)),
      ])
      const named = (n: number) => Array.from({ length: n }, (_, each) => `process-${each}`)
      const first = settled(named(count), wanted, new Map())
      const second = settled(named(left), wanted, first)
      for (const [held, n] of [
        [first, count],
        [second, left],
      ] as const) {
        expect(held.size).toBe(wanted.size)
        for (const names of [[...wanted.keys()], ...sagas.map((_, at) => namesOf(wanted, `saga-${at}`))]) {
          const counts = named(n).map((process) => names.filter((name) => held.get(name) === process).length)
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        }
      }
      const moved = [...wanted.keys()].filter((name) => first.get(name) !== second.get(name)).length
      const groups = 1 + sagas.length
      const [fewer, more] = [Math.min(count, left), Math.max(count, left)]
      expect(moved).toBeLessThanOrEqual(Math.ceil((wanted.size * (more - fewer)) / more) + groups * more)
    }),
    { numRuns: process.env.INDELIBLE_LONG ? 5_000 : 200 },
  )
})

test('what nobody takes for its share is taken by whoever can run it, and kept', () => {
  const processes = ['old', 'new']
  const held = ['a', 'b'].map((name, n) => ({ name, holder: processes[n]!, token: 1, report: null }))
  const view = { processes, leases: held }
  const wanted = new Map(['a', 'b', 'only-new', 'only-new-2'].map((name) => [name, '']))
  const ask = { view, process: 'new', wanted, kept: nothing }
  expect(spreadOf({ ...ask, overdue: nothing }).take).toHaveLength(1)
  expect(spreadOf({ ...ask, overdue: new Set(['only-new', 'only-new-2']) }).take.toSorted()).toEqual([
    'only-new',
    'only-new-2',
  ])
  const all = ['only-new', 'only-new-2'].map((name) => ({ name, holder: 'new', token: 1, report: null }))
  const after = { ...ask, view: { processes, leases: [...held, ...all] }, overdue: nothing }
  expect(spreadOf({ ...after, kept: new Set(['only-new', 'only-new-2']) }).giveUp).toEqual(['b'])
})

test('a process that is not announced takes nothing', () => {
  const view = { processes: ['other'], leases: [] }
  const wanted = new Map([['a', '']])
  expect(spreadOf({ view, process: 'self', wanted, overdue: nothing, kept: nothing })).toEqual({ take: [], giveUp: [] })
})

function namesOf(wanted: ReadonlyMap<string, string>, group: string): readonly string[] {
  return [...wanted].flatMap(([name, of]) => (of === group ? [name] : []))
}
