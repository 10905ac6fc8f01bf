import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeEvent } from '../kernel/encoding.ts'
import type { StreamName } from '../kernel/streams.ts'
import { claimedLength, encodeMark, Frame, frameHeaderBytes, isFrame } from './frame.ts'
import { FrameEncoder } from './frame-encoder.ts'

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
const event = fc.record({
  stream: fc.constantFrom<StreamName>('a-1', 'b-ü😀'),
  type: text,
  data: fc.uint8Array({ maxLength: 50 }),
  contentType: fc.constantFrom('application/octet-stream', 'image/png'),
  tags: fc.array(text, { maxLength: 4 }),
  schemaVersion: fc.integer({ min: 1, max: 65535 }),
  validAt: fc.constantFrom('1993-01-31', '2026-11-23T04:28:43.125Z'),
})
const commit = fc.record({
  commandId: fc.option(text, { nil: undefined }),
  recordedAtMs: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
  events: fc.array(event, { minLength: 1, maxLength: 5 }),
})
const place = fc.record({ segment: fc.integer({ min: 1, max: 99 }), offset: fc.integer({ min: 32, max: 2 ** 40 }) })
const position = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 100 })

test('what was encoded comes back, whatever it was, and a used encoder leaves nothing behind', () => {
  const encoder = new FrameEncoder(16)
  fc.assert(
    fc.property(fc.array(commit, { minLength: 1, maxLength: 4 }), place, position, (commits, place, first) => {
      encoder.clear()
      let version = first
      const given = commits.map(({ events, ...commit }) => {
        const encoded = events.map((event, index) => ({ ...encodeEvent(event), id: `id-${index}` }))
        const added = { ...commit, events: encoded, versions: encoded.map(() => version++) }
        encoder.add(added)
        return added
      })
      const size = encoder.size
      const bytes = encoder.finish(place, first)
      expect([bytes.length, bytes.length % 8, claimedLength(bytes)]).toEqual([size, 0, size])
      expect(isFrame(bytes, place)).toBe(true)

      const frame = new Frame(bytes)
      let position = first
      expect(frame.commits.map(({ commandId, recordedAtMs }) => ({ commandId, recordedAtMs }))).toEqual(
        commits.map(({ commandId, recordedAtMs }) => ({ commandId, recordedAtMs })),
      )
      const expected = given.flatMap(({ events, versions, recordedAtMs }) =>
        events.map((event, index) => {
          const recordedAt = new Date(recordedAtMs).toISOString()
          return { ...event, version: versions[index], position: position++, recordedAt }
        }),
      )
      expect(Array.from({ length: frame.events }, (_, index) => frame.event(index))).toEqual(expected)
      expect(frame.lastPosition).toBe(position - 1)
    }),
  )
})

test('a frame counts only at the place it was written for', () => {
  const bytes = encodeMark('closed', { segment: 1, offset: 32 }, 1)
  expect(isFrame(bytes, { segment: 1, offset: 32 })).toBe(true)
  expect(isFrame(bytes, { segment: 1, offset: 40 })).toBe(false)
  expect(isFrame(bytes, { segment: 2, offset: 32 })).toBe(false)
  expect(new Frame(bytes)).toMatchObject({ kind: 'closed', firstPosition: 1, events: 0, lastPosition: 0 })
})

test('garbage is no frame, and taken apart all the same it ends in a RangeError without allocating what it claims', () => {
  const header = Buffer.concat([Buffer.from('FRME'), Buffer.alloc(frameHeaderBytes - 4, 0xff)])
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      const bytes = Buffer.concat([header, garbage])
      expect(isFrame(bytes, { segment: 1, offset: 32 })).toBe(false)
      expect(() => new Frame(bytes)).toThrow(RangeError)
    }),
  )
})
