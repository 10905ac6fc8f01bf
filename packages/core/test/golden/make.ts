// Makes the golden log of the format that this version writes: `node --conditions=@indelible/source packages/core/test/golden/make.ts`. The golden log
// of a released format is never made again: it stands for the files that users have on their disks.
import { existsSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openWritable } from '../../src/file/writable-store.ts'
import type { NewEvent } from '../../src/kernel/events.ts'
import { writeUuid } from '../../src/kernel/ids.ts'
import { nodeDisk } from '../../src/log/disk/disk.ts'
import { formatVersion } from '../../src/log/format/segment-header.ts'
import { logLimits } from '../../src/log/limits.ts'
import { rebuildIndex } from '../../src/log/maintenance/rebuild-index.ts'
import type { EventStore } from '../../src/store/port.ts'
import { expectedOf } from './expected.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const dir = process.argv[2] ?? join(import.meta.dirname, `format-${formatVersion}`)
if (existsSync(dir)) throw new Error(`${dir} is there already. If that format was not released yet, remove it first.`)

let [ids, timeMs] = [0, Date.UTC(2026, 10, 23, 4, 28, 43, 125)]
const nextId = () => `019ab0de-0000-7000-8000-${(++ids).toString(16).padStart(12, '0')}`
// Sometimes the clock of the machine goes back; the time of the log does not.
const clock = { now: () => (timeMs += ids % 7 === 3 ? -500 : 1_234) }
const commands: string[] = []

/** Segments of a few events, so that there are several, and an index for the last one too. */
async function open(): Promise<EventStore> {
  const limits = {
    ...logLimits,
    segmentEventsMax: 40,
    segmentBytesMax: 24_000,
    reserveBytes: 512,
    unindexedEventsMax: 0,
  }
  const { store } = await openWritable(
    { dir, disk: nodeDisk, limits },
    {
      clock,
      newId: (into, at) => writeUuid(nextId(), into, at),
      newLogId: () => '019ab0de-ffff-7000-8000-0123456789ab',
    },
  )
  return store
}

async function append(store: EventStore, events: readonly NewEvent[], commandId?: string): Promise<void> {
  if (commandId !== undefined) commands.push(commandId)
  const outcome = await store.append({ events, ...(commandId !== undefined && { commandId }) })
  if (outcome.status !== 'written') throw new Error(`It was not written: ${outcome.status}.`)
}

let store = await open()
// One plain event, and a commit over several streams.
await append(store, [{ stream: 'account-1', type: 'AccountOpened', data: { owner: 'ann' } }])
await append(
  store,
  [
    { stream: 'account-1', type: 'FundsWithdrawn', data: { amount: 12.5 }, tags: ['account:1', 'transfer:7'] },
    { stream: 'account-2', type: 'FundsDeposited', data: { amount: 12.5 }, tags: ['account:2', 'transfer:7'] },
    { stream: 'transfer-7', type: 'TransferCompleted', data: null, tags: ['transfer:7', 'transfer:7'] },
  ],
  'transfer 7',
)
// Every script, in every text field.
await append(
  store,
  [
    {
      stream: 'Konto_1.alt-Zürich/送金 🚀-1',
      type: 'Überwiesen 送金 🚀',
      data: { ключ: 'значение', '🚀': ['\u0000', '\u2028', '\ud800', 1e300, -0, true, null] },
      tags: ['Straße', 'e\u0301', '🚀'],
      metadata: {
        correlationId: 'Vorgang 送金 🚀',
        actor: 'Ян',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    },
  ],
  'Befehl ü 送金 🚀',
)
// Bytes and their content types, validity times, schema versions, ids given by the caller.
await append(store, [
  { stream: 'blob-1', type: 'Stored', data: Uint8Array.from({ length: 256 }, (_, byte) => byte) },
  { stream: 'blob-1', type: 'Stored', data: bytes('a,b\r\n1,2\r\n'), contentType: 'text/csv; charset=utf-8' },
  { stream: 'blob-1', type: 'Stored', data: bytes(' { "kept" : "as it is" } '), contentType: 'application/json' },
  { stream: 'blob-1', type: 'Stored', data: { a: 1 }, contentType: 'application/vnd.shop+json', schemaVersion: 65_535 },
  { stream: 'blob-1', type: 'Stored', data: new Uint8Array(), metadata: bytes('{ "correlationId" : "c" }') },
  { stream: 'blob-2', type: 'Dated', data: 1, validAt: '1993-01-31' },
  {
    stream: 'blob-2',
    type: 'Dated',
    data: 2,
    validAt: '1993-01-31T12:00:00.123456789+01:00',
    contentType: 'application/ld+json',
  },
  {
    stream: 'blob-2',
    type: 'Named',
    data: 'x',
    id: '0190b5a4-5c1e-7f00-8abc-def012345678',
    tags: Array.from({ length: 64 }, (_, n) => `tag ${n}`),
  },
])
// The longest names that are allowed, and an event longer than a page.
await append(
  store,
  [
    {
      stream: `${'c'.repeat(80)}-${'i'.repeat(256)}`,
      type: 't'.repeat(512),
      data: { text: 'x'.repeat(9000) },
      tags: ['g'.repeat(512)],
    },
    {
      stream: 'account-1',
      type: 'Noted',
      data: '',
      metadata: { correlationId: 'k'.repeat(512), more: 'm'.repeat(2000) },
    },
    { stream: 'account-1', type: 'Noted', data: 0, metadata: { correlationId: 'k'.repeat(513) } },
    { stream: 'account-1', type: 'Noted', data: 0, metadata: { correlationId: '' } },
    { stream: 'account-1', type: 'Noted', data: 0, metadata: { correlationId: 7 as never } },
  ],
  'n'.repeat(512),
)
// Commits that arrive at the same time share a frame.
await Promise.all(
  Array.from({ length: 30 }, (_, n) =>
    append(
      store,
      [{ stream: `account-${n % 11}`, type: `Type ${n % 5}`, data: { n }, tags: [`n:${n % 3}`] }],
      `command ${n}`,
    ),
  ),
)
// Closed in order and reopened, in the middle of a segment.
for (let session = 0; session < 3; session++) {
  await store.close()
  store = await open()
  for (let n = 0; n < 25; n++) {
    const metadata = { correlationId: `session ${session}`, causationId: `cause ${n}` }
    await append(store, [
      { stream: `order-${n}`, type: 'OrderPlaced', data: { session, text: 'y'.repeat(n * 20) }, metadata },
    ])
  }
}
await store.close()

const again = await open()
const expected = await expectedOf(again, commands)
await again.close()
// Makes all columns, whether the background thread has made them or not.
await rebuildIndex({ dir })
await writeFile(join(dir, 'expected.json'), `${JSON.stringify(expected, undefined, 1)}\n`)
const kept = /^(\d{8}\.(log|idx|col)|expected\.json)$/
for (const name of await readdir(dir)) if (!kept.test(name)) await rm(join(dir, name))
console.log(`${dir}: ${expected.events.length} events, ${(await readdir(dir)).join(' ')}`)
