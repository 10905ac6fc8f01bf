// Forward reads over frames of all sizes, wherever they lie across the pieces in which the file is read.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fact, openStore } from '../../file/test-support.ts'

/** From a few bytes to more than three megabytes; the file is read in pieces of one megabyte. */
const bytes = fc.oneof(
  fc.integer({ min: 1, max: 2000 }),
  fc.integer({ min: 100_000, max: 600_000 }),
  fc.integer({ min: 900_000, max: 1_200_000 }),
  fc.integer({ min: 2_000_000, max: 3_500_000 }),
)

test('a scan returns every event complete, wherever frames lie, and later reads do not change returned events', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { minLength: 5, maxLength: 25 }), fc.nat(), async (sizes, from) => {
      const store = await openStore()
      const texts = sizes.map((size, index) => String.fromCharCode(97 + (index % 26)).repeat(size))
      for (const text of texts) {
        // Enough events that a reader scans instead of looking them up; the short ones lie between the long ones.
        const short = Array.from({ length: 250 }, (_, index) => fact('s-1', 'Short', index))
        await store.append({ events: [fact('s-1', 'Long', text), ...short] })
      }
      const start = 1 + (from % (251 * sizes.length))
      const events = (await Array.fromAsync(store.read('all', { from: start }))).flatMap(({ events }) => events)
      expect(events.length).toBe(251 * sizes.length - start + 1)
      for (const { position, type, data } of events) {
        const [commit, index] = [Math.floor((position - 1) / 251), (position - 1) % 251]
        const expected = index === 0 ? texts[commit] : index - 1
        // Not `expect`: it would print megabytes.
        if (type !== (index === 0 ? 'Long' : 'Short') || data !== expected) throw new Error(`event ${position} differs`)
      }
      await store.close()
    }),
    { numRuns: 12 },
  )
})
