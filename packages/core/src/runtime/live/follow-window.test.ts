// Any readers of a window, at any pace: each gets everything once and in order, whether the window still has it or has let it go.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { long } from '../../../../../scripts/campaign.ts'
import { followWindow } from './follow-window.ts'
import { type Entry, type View, Window } from './window.ts'

const store = { historyAt: async (position: number) => `history ${position}` }
/** Lets all others go on as far as they can. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

const views: Readonly<Record<string, View<Entry>>> = {
  all: (entry) => [shown(entry)],
  odd: (entry) => (entry.position % 2 ? [shown(entry)] : []),
}

const additions = fc.array(
  fc.record({ sizes: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 6 }), gap: fc.nat({ max: 2 }) }),
  { maxLength: 20 },
)
const readers = fc.array(
  fc.record({
    comesAt: fc.nat({ max: 20 }),
    /** A share of what is there when it comes. */
    after: fc.double({ min: 0, max: 1, noNaN: true }),
    view: fc.constantFrom(...Object.keys(views)),
    /** The turns that it takes for each batch. */
    pace: fc.nat({ max: 6 }),
  }),
  { maxLength: 5 },
)

test('every reader gets what its filter shows, once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(additions, readers, async (added, coming) => {
      const window = new Window<Entry>(0, { sizeMax: 20, stepSizeMax: 8 })
      const all: Entry[] = []
      const read: Promise<unknown>[] = []
      for (const [at, { sizes, gap }] of added.entries()) {
        for (const reader of coming.filter(({ comesAt }) => comesAt === at)) read.push(follows(reader))
        const entries = sizes.map((size, index) => ({ position: window.through + 1 + index, size }))
        all.push(...entries)
        window.push(entries, window.through + entries.length + gap)
        await turn()
      }
      window.end()
      await Promise.all(read)

      async function follows({ after: share, view: name, pace }: (typeof coming)[number]): Promise<void> {
        const view = views[name]!
        const after = Math.round(share * window.through)
        const signal = new AbortController().signal
        const got: number[] = []
        const kinds: string[] = []
        for await (const batch of followWindow({ store, window, view, after, head: window.through, missed, signal })) {
          for (const { kind, position } of batch) {
            kinds.push(kind)
            if (kind === 'event') got.push(position!)
          }
          for (let turns = 0; turns < pace; turns++) await turn()
        }
        const expected = all.filter((entry) => entry.position > after).flatMap(view)
        expect(got).toEqual(expected.map(({ position }) => position))
        expect(kinds.at(-1)).toBe('end')
        expect(kinds).toContain('caught-up')

        async function* missed(from: number | undefined) {
          const through = Math.min(window.through, from! + 3)
          await turn()
          const found = all.filter(({ position }) => position > from! && position <= through)
          yield { messages: found.flatMap(view), through }
        }
      }
    }),
    { numRuns: long ? 20_000 : 500 },
  )
})

function shown({ position }: Entry) {
  return { kind: 'event', position, data: position }
}
