import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isIndelibleError } from '../kernel/errors.ts'
import { fileStore } from './event-store.ts'
import { verifyLog } from './inspect.ts'
import {
  all,
  allFields,
  copyOfLog,
  fact,
  logBytes,
  openStore,
  segmentsIn,
  tailOf,
  temporaryDirectory,
} from './test-support.ts'

const first = '00000001.log'
const headerBytes = 32

/** A log of single-event frames, and where in its first file each frame begins; the last entry is where the next would. */
async function writtenLog(count: number, { close = false, limits = {} } = {}) {
  const dir = temporaryDirectory()
  const store = await openStore({ dir, limits: { reserveBytes: 2000, ...limits } })
  const starts: number[] = []
  for (let n = 1; n <= count; n++) {
    starts.push(await endOfFrames(join(dir, first)))
    await store.append({ events: [fact(`thing-${n % 2}`, 'Happened', { n })], commandId: `c-${n}` })
  }
  starts.push(await endOfFrames(join(dir, first)))
  const events = await allFields(store)
  if (close) await store.close()
  return { dir: close ? dir : await copyOfLog(dir), starts, events }
}

async function endOfFrames(path: string): Promise<number> {
  const bytes = await readFile(path)
  let end = headerBytes
  while (end + 24 <= bytes.length && bytes.readUInt32LE(end) !== 0) end += 24 + bytes.readUInt32LE(end + 8)
  return end
}

describe('a torn tail', () => {
  test('cut at any byte of the last frame loses that frame only, and appends go on', async () => {
    const { dir, starts, events } = await writtenLog(3)
    const whole = await readFile(join(dir, first))
    for (let end = starts[2]!; end < starts[3]!; end++) {
      await writeFile(join(dir, first), whole.subarray(0, end))
      const store = await fileStore({ dir, limits: { reserveBytes: 500 } })
      expect(await allFields(store)).toEqual(events.slice(0, 2))
      expect(await store.append({ events: [fact('thing-9')], commandId: 'c-3' })).toMatchObject({
        status: 'written',
        firstPosition: 3,
      })
      await store.close()
      expect(await verifyLog({ dir })).toMatchObject({ events: 3 })
    }
  })

  test('zeroed from any byte of the last frame on loses that frame only', async () => {
    const { dir, starts, events } = await writtenLog(3)
    const whole = await readFile(join(dir, first))
    for (let end = starts[2]!; end < starts[3]! - 8; end += 3) {
      await writeFile(join(dir, first), Buffer.from(whole).fill(0, end))
      const store = await fileStore({ dir })
      expect(await allFields(store)).toEqual(events.slice(0, 2))
      await store.close()
    }
  })

  test('of any garbage loses nothing that was acknowledged, and nothing of it is ever read', async () => {
    const { dir, starts, events } = await writtenLog(2)
    const whole = (await readFile(join(dir, first))).subarray(0, starts[2])
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.constant(Buffer.from('FRME')),
      fc.constant(Buffer.alloc(24)),
      // A frame that is whole, but was written for another place.
      fc.constant(whole.subarray(starts[0], starts[1])),
    )
    const garbage = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => Buffer.concat(pieces))
    await fc.assert(
      fc.asyncProperty(garbage, async (tail) => {
        await writeFile(join(dir, first), Buffer.concat([whole, tail]))
        const reader = await fileStore({ dir, access: 'read' })
        expect(await allFields(reader)).toEqual(events)
        await reader.close()
        const store = await fileStore({ dir, limits: { reserveBytes: 500 } })
        expect(await allFields(store)).toEqual(events)
        expect(await tailOf(dir)).toBe('clean')
        await store.append({ events: [fact('thing-9')] })
        await store.close()
        expect(await verifyLog({ dir })).toMatchObject({ events: 3 })
      }),
      { numRuns: 100 },
    )
  })
})

describe('damage', () => {
  test('to any byte of an earlier frame is named and changes no byte on the disk', async () => {
    const { dir, starts } = await writtenLog(3)
    const whole = await readFile(join(dir, first))
    for (let at = starts[1]!; at < starts[2]!; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1 << (at % 8)
      await writeFile(join(dir, first), damaged)
      const corrupt = { code: 'log_corrupt', details: { file: first, offset: starts[1] } }
      await expect(fileStore({ dir })).rejects.toMatchObject(corrupt)
      await expect(fileStore({ dir, access: 'read' })).rejects.toMatchObject(corrupt)
      await expect(verifyLog({ dir })).rejects.toMatchObject(corrupt)
      expect((await readFile(join(dir, first))).equals(damaged)).toBe(true)
      expect(await segmentsIn(dir)).toEqual([first])
    }
  })

  test('anywhere in a log that was closed in order is found, or harmless', async () => {
    const { dir, events } = await writtenLog(8, { close: true, limits: { segmentBytesMax: 500 } })
    const files = await logBytes(dir)
    expect(files.size).toBeGreaterThan(2)
    let found = 0
    let harmless = 0
    for (const [name, whole] of files) {
      for (let at = 0; at < whole.length; at++) {
        const damaged = Buffer.from(whole)
        damaged[at]! ^= 1 << (at % 8)
        await writeFile(join(dir, name), damaged)
        try {
          const store = await fileStore({ dir, access: 'read' })
          expect(await allFields(store)).toEqual(events)
          await store.close()
          harmless++
        } catch (error) {
          if (!isIndelibleError(error, 'log_corrupt')) throw error
          expect(error.details).toMatchObject({ file: name })
          found++
        }
      }
      await writeFile(join(dir, name), whole)
    }
    // Only the marks behind the last commit of each file are not proven by something after them; they hold no event.
    expect(harmless).toBe(24 * files.size)
    expect(found).toBeGreaterThan(1000)
  })

  test('that happens while the store is open is found by who reads it', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir })
    for (let n = 0; n < 3; n++) await store.append({ events: [fact('thing-1')] })
    const bytes = await readFile(join(dir, first))
    bytes[headerBytes + 60]! ^= 1
    await writeFile(join(dir, first), bytes)
    await expect(all(store)).rejects.toMatchObject({
      code: 'log_corrupt',
      details: { file: first, offset: headerBytes },
    })
    expect(await store.append({ events: [fact('thing-1')] })).toMatchObject({ status: 'written' })
  })

  test.each([0, 1, -1])('a segment that is missing (%i) is named', async (index) => {
    const { dir } = await writtenLog(8, { close: true, limits: { segmentBytesMax: 500 } })
    const missing = (await segmentsIn(dir)).at(index)!
    await rm(join(dir, missing))
    for (const access of ['read', 'write'] as const) {
      await expect(fileStore({ dir, access })).rejects.toMatchObject({
        code: 'log_corrupt',
        details: { file: missing },
      })
    }
    await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'log_corrupt', details: { file: missing } })
  })

  test('a sealed segment that lost its last frames is named', async () => {
    const { dir } = await writtenLog(8, { close: true, limits: { segmentBytesMax: 500 } })
    await truncate(join(dir, first), headerBytes)
    await expect(fileStore({ dir })).rejects.toMatchObject({
      code: 'log_corrupt',
      details: { file: '00000002.log', offset: 0 },
    })
  })

  test('a segment of a newer format is not opened, and not taken for damage', async () => {
    const { dir } = await writtenLog(1, { close: true })
    const bytes = await readFile(join(dir, first))
    bytes.writeUInt32LE(2, 8)
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28)
    await writeFile(join(dir, first), bytes)
    for (const access of ['read', 'write'] as const) {
      await expect(fileStore({ dir, access })).rejects.toMatchObject({ code: 'log_format_unknown' })
    }
    expect((await readFile(join(dir, first))).equals(bytes)).toBe(true)
  })
})
