// Logs that somebody changed who can compute every checksum: each is found against the last checkpoint, and named rightly.
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { defineSystem, isIndelibleError, startSystem } from 'indelible'
import { fileProofs, fileStorage, fileStore, verifyLog } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { compareLog, lastCheckpoint, type Misfit, readCheckpoint } from 'indelible/proofs'
import { expect, test } from 'vitest'
import { draws, hours, long } from '../../../scripts/campaign.ts'
import { temporaryDirectory } from '../src/file/test-support.ts'

const system = defineSystem({ name: 'proved', commands: [] })
const limits = { segmentEventsMax: 40, columnsShareMax: 0 }

/** Appends commits and signs them. The last checkpoint is beside the log then. */
async function signedLog(dataDir: string, commits: number): Promise<void> {
  const { store: open, ...storage } = fileStorage({ dataDir, mode: 'run', limits })
  const store = await open()
  const running = startSystem(system, { ...storage, store, tables: memoryTables(), proofs: { origin: 'a.example' } })
  const { position } = await store.head()
  for (let n = position; n < position + commits; n++) {
    const event = {
      stream: `account-${n % 5}`,
      type: 'Deposited',
      tags: [`n:${n}`],
      metadata: { actor: 'ann' },
    } as const
    const other = { ...event, validAt: '1993-01-31', contentType: 'text/plain', data: Buffer.from(`text ${n}`) }
    await store.append({ events: [{ ...event, data: { amount: n } }, ...(n % 4 === 0 ? [other] : [])] })
  }
  await running.waitFor({ name: '$tree' }, (await store.head()).position, { timeoutMs: 20_000 })
  await running.close()
}

/** A copy of a signed log, without files that can be made again from the log. */
async function copyOfSigned(commits = 120): Promise<string> {
  const dataDir = temporaryDirectory()
  await signedLog(dataDir, commits)
  for (const name of readdirSync(join(dataDir, 'log'))) if (!name.endsWith('.log')) rmSync(join(dataDir, 'log', name))
  return dataDir
}

type Found = Misfit['kind'] | 'damaged' | 'nothing'

/** What `indelible verify` finds about a log: in its files, or with the checkpoint. */
async function found(dataDir: string, checkpointDir = dataDir): Promise<Found> {
  const dir = join(dataDir, 'log')
  const kept = (data: string) => fileProofs({ dir: join(data, 'proofs'), keysFile: join(data, 'keys', 'tree.keys') })
  try {
    await verifyLog({ dir })
    const store = await fileStore({ dir, access: 'read', limits: { unindexedSegmentsMax: 1000 } })
    try {
      const signed = readCheckpoint(await lastCheckpoint(kept(checkpointDir)))
      return (await compareLog({ store, files: kept(dataDir), signed }))?.kind ?? 'nothing'
    } finally {
      await store.close()
    }
  } catch (error) {
    if (isIndelibleError(error)) return 'damaged'
    throw error
  }
}

interface Frame {
  readonly at: number
  readonly end: number
  readonly kind: string
}

function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = 64; at + 24 <= bytes.length; at = frames.at(-1)!.end) {
    const kind = bytes.toString('ascii', at, at + 4)
    if (!['FRME', 'CLSD', 'SEAL'].includes(kind)) break
    frames.push({ at, end: at + 24 + bytes.readUInt32LE(at + 8), kind })
  }
  return frames
}

/** Makes the checksum of a frame right again. */
function sealFrame(bytes: Buffer, { at, end }: Frame): void {
  const place = Buffer.from(`${bytes.readUInt32LE(12)}:${at}`)
  bytes.writeUInt32LE(crc32(bytes.subarray(at + 8, end), crc32(place)), at + 4)
}

/** Where the records of a frame begin, with their ends. */
function recordsIn(bytes: Buffer, { at, end }: Frame): { readonly at: number; readonly end: number }[] {
  const records: { at: number; end: number }[] = []
  for (let from = at + 24; from + 40 < end && bytes.readUInt32LE(from) > 0; from = records.at(-1)!.end)
    records.push({ at: from, end: from + bytes.readUInt32LE(from) })
  return records
}

const segmentOf = (dataDir: string, segment: number) => join(dataDir, 'log', `${String(segment).padStart(8, '0')}.log`)

test('a log that was not changed is the one that was signed', async () => {
  const dataDir = await copyOfSigned()
  expect(await found(dataDir)).toBe('nothing')
  expect(await verifyLog({ dir: join(dataDir, 'log') })).toMatchObject({ ending: 'closed' })
})

test('every changed byte of a sealed segment is found, with all checksums computed again', hours, async () => {
  const dataDir = await copyOfSigned()
  const file = segmentOf(dataDir, 2)
  const good = readFileSync(file)
  const draw = draws()
  const frames = framesIn(good)
  // The mark at the end says nothing of events: where it is damaged, the header of the next segment stands for it.
  const end = frames.find(({ kind }) => kind === 'SEAL')!.at
  const counts: Partial<Record<Found, number>> = {}
  for (let byte = 64 + (long ? 0 : draw(25)); byte < end; byte += long ? 1 : 1 + draw(50)) {
    const frame = frames.find(({ at, end }) => at <= byte && byte < end)!
    const changed = Buffer.from(good)
    changed[byte]! ^= 1 + draw(255)
    const isChecksum = byte >= frame.at + 4 && byte < frame.at + 8
    if (!isChecksum) sealFrame(changed, frame)
    writeFileSync(file, changed)
    const kind = await found(dataDir)
    expect(['rewritten', 'damaged'], `byte ${byte} of ${end}`).toContain(kind)
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  if (long) console.log(`changed bytes of a sealed segment: ${JSON.stringify(counts)}`)
  expect(counts.rewritten).toBeGreaterThan(0)
})

test('a last commit that was cut off cleanly is found as cut short, for every number of commits', async () => {
  for (const cut of [1, 2, 7]) {
    const dataDir = await copyOfSigned(30)
    const file = segmentOf(dataDir, 1)
    const bytes = readFileSync(file)
    const commits = framesIn(bytes).filter(({ kind }) => kind === 'FRME')
    const { at } = commits.at(-cut)!
    const mark = Buffer.alloc(24)
    mark.write('CLSD')
    mark.writeBigUInt64LE(bytes.readBigUInt64LE(at + 16), 16)
    const closed = Buffer.concat([bytes.subarray(0, at), mark])
    sealFrame(closed, { at, end: at + 24, kind: 'CLSD' })
    writeFileSync(file, closed)
    // The log itself says that it is whole.
    expect(await verifyLog({ dir: join(dataDir, 'log') })).toMatchObject({ ending: 'closed' })
    expect(await found(dataDir)).toBe('cut short')
    truncateSync(file, at)
    expect(await found(dataDir)).toBe('cut short')
  }
})

test('a segment that was replaced by one with other events is found as rewritten', async () => {
  const dataDir = await copyOfSigned()
  const file = segmentOf(dataDir, 2)
  const bytes = readFileSync(file)
  for (const frame of framesIn(bytes).filter(({ kind }) => kind === 'FRME')) {
    // The last byte of each payload: another amount, other text.
    for (const { end } of recordsIn(bytes, frame)) bytes[end - 2]! = bytes[end - 2] === 0x30 ? 0x31 : 0x30
    sealFrame(bytes, frame)
  }
  writeFileSync(file, bytes)
  expect(await verifyLog({ dir: join(dataDir, 'log') })).toMatchObject({ ending: 'closed' })
  expect(await found(dataDir)).toBe('rewritten')
})

test('two events that changed places are found as rewritten', async () => {
  const dataDir = await copyOfSigned()
  const file = segmentOf(dataDir, 1)
  const bytes = readFileSync(file)
  const single = framesIn(bytes).filter((frame) => frame.kind === 'FRME' && recordsIn(bytes, frame).length === 1)
  // Ids, stream, tags and payload change places; position, version, time and lengths stay.
  const [one, two] = pairOfOneLength(single)
  const from = 24 + 40
  const body = Buffer.from(bytes.subarray(one.at + from, one.end))
  bytes.copy(bytes, one.at + from, two.at + from, two.end)
  body.copy(bytes, two.at + from)
  for (const frame of [one, two]) sealFrame(bytes, frame)
  writeFileSync(file, bytes)
  expect(await found(dataDir)).toBe('rewritten')
})

test('a log that both sides of a fork continued is found by whoever holds the checkpoint of the other', async () => {
  const [left, right] = [temporaryDirectory(), temporaryDirectory()]
  await signedLog(left, 60)
  cpSync(left, right, { recursive: true })
  await signedLog(left, 20)
  await signedLog(right, 50)
  expect([await found(left), await found(right)]).toEqual(['nothing', 'nothing'])
  expect(await found(right, left)).toBe('forked')
  // The left one is shorter than what the right one has signed.
  expect(await found(left, right)).toBe('cut short')
  await signedLog(left, 60)
  expect(await found(left, right)).toBe('forked')
})

function pairOfOneLength(frames: readonly Frame[]): readonly [Frame, Frame] {
  for (const one of frames) {
    const two = frames.find((each) => each.at > one.at && each.end - each.at === one.end - one.at)
    if (two) return [one, two]
  }
  throw new Error('no two frames of one length')
}
