// `indelible verify` compares files of columns with newly built ones, so the same events must always give the same bytes. The golden log has only a
// few types, texts and streams; here there are more than 256 of each. A change of the format changes these hashes, and after a release needs a new version.
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openWritable } from '../../file/writable-store.ts'
import type { NewEvent } from '../../kernel/events.ts'
import { writeUuid } from '../../kernel/ids.ts'
import { nodeDisk } from '../disk/disk.ts'
import { logLimits } from '../limits.ts'
import { rebuildIndex } from '../maintenance/rebuild-index.ts'

/** The fields of the n-th event that differ from the common ones. */
type Fields = Partial<NewEvent> & Pick<NewEvent, 'data'>

const count = 3000
const uuid = (n: number) => `019ab0de-0000-7000-8000-${n.toString(16).padStart(12, '0')}`

async function sumOfColumns(eventOf: (n: number) => Fields): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const limits = { ...logLimits, segmentEventsMax: count, columnsShareMax: 0 }
  let [ids, timeMs] = [0, Date.UTC(2026, 10, 23)]
  const { store } = await openWritable(
    { dir, disk: nodeDisk, limits },
    {
      clock: { now: () => ++timeMs },
      newId: (into, at) => writeUuid(uuid(++ids), into, at),
      newLogId: () => uuid(0),
    },
  )
  const events = Array.from({ length: count }, (_, n): NewEvent => {
    return { stream: `${n % 3 === 0 ? 'a' : 'b'}-${(n * 7) % 1100}`, type: `T${(n * 11) % 700}`, ...eventOf(n) }
  })
  await store.append({ events })
  await store.append({ events: [{ stream: 'end-1', type: 'End', data: 0 }] })
  await store.close()
  await rebuildIndex({ dir })
  return createHash('sha256')
    .update(readFileSync(join(dir, '00000001.col')))
    .digest('hex')
}

test.each<[string, (n: number) => Fields, string]>([
  [
    'of many types, texts and streams',
    (n) => ({ type: 'One', data: { n, text: `text ${n % 900}`, other: `${n}` } }),
    'ca694e03be943364e6de3fa6ab1d11006a88004249216ee6584942c6cf6b09b6',
  ],
  [
    'of many types',
    (n) => ({ data: { n, few: `f${n % 9}`, same: 'EUR' } }),
    'c403b0d5dcaaa77f9f98b31be5c5ccef7cf137386755d45b5e21508afc151b42',
  ],
  [
    'of all kinds of values',
    (n) => ({
      type: `T${n % 5}`,
      data: {
        ...(n % 4 === 0 ? { sometimes: { deep: [n, null, 'x'] } } : {}),
        ...{ small: n % 200, negative: -n, large: n * 70_000, part: n / 8 },
        ...{ null: null, perhaps: n % 3 === 0 ? null : n, flag: n % 2 === 0, mixed: n % 2 === 0 ? n : `${n}` },
        late: n < 2000 ? `narrow ${n}` : `wide € ${n}`,
        long: 'x'.repeat(250 + (n % 9)),
      },
      tags: n % 6 === 0 ? [`tag:${n % 300}`] : [],
      metadata: { actor: `someone ${n % 280}` },
    }),
    '9a05c88a8eb4cbaa155c473a4065f4649e10aa0f543d9b2dc5ae684e662b4be6',
  ],
])('columns %s have the bytes that they always had', async (_, eventOf, sum) => {
  expect(await sumOfColumns(eventOf)).toBe(sum)
})
