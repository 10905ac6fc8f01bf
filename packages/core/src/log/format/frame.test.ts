import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fieldsOf } from '../../file/test-support.ts'
import { encodeEvent } from '../../kernel/encoding.ts'
import { isJson } from '../../kernel/events.ts'
import { categoryOf, type StreamName, streamIdOf } from '../../kernel/streams.ts'
import { systemIds, systemIdWriter } from '../../kernel/system-clock.ts'
import { utf8 } from '../../kernel/text.ts'
import { FrameEncoder } from '../write/frame-encoder.ts'
import { claimedLength, encodeMark, Frame, frameHeaderBytes, isFrame } from './frame.ts'

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
const json = fc.record({
  data: fc.jsonValue(),
  contentType: fc.constantFrom(undefined, 'application/json', 'application/x+json'),
})
const raw = fc.record({
  data: fc.uint8Array({ maxLength: 50 }),
  contentType: fc.constantFrom('application/octet-stream', 'image/png'),
})
const event = fc
  .record({
    payload: fc.oneof(json, raw),
    stream: fc.constantFrom<StreamName>('a-1', 'b-ü😀'),
    type: text,
    tags: fc.array(text, { maxLength: 4 }),
    schemaVersion: fc.integer({ min: 1, max: 65535 }),
    validAt: fc.constantFrom(undefined, '1993-01-31', '2026-11-23T04:28:43.125Z'),
    metadata: fc.oneof(fc.constant(undefined), fc.dictionary(text, fc.jsonValue(), { maxKeys: 3 })),
    correlationId: fc.option(text, { nil: undefined }),
  })
  .map(({ payload: { data, contentType }, validAt, metadata, correlationId, ...event }) => ({
    ...event,
    data,
    ...(contentType === undefined ? {} : { contentType }),
    ...(validAt === undefined ? {} : { validAt }),
    ...(metadata === undefined
      ? {}
      : { metadata: { ...metadata, ...(correlationId === undefined ? {} : { correlationId }) } }),
  }))
const commit = fc.record({
  commandId: fc.option(text, { nil: undefined }),
  recordedAtMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  events: fc.array(event, { minLength: 1, maxLength: 5 }),
})
const place = fc.record({ segment: fc.integer({ min: 1, max: 99 }), offset: fc.integer({ min: 64, max: 2 ** 40 }) })
/** Positions and versions have 48 bits. */
const position = fc.integer({ min: 1, max: 2 ** 48 - 100 })

test('any commits are decoded as they were encoded, and a cleared encoder keeps nothing of earlier frames', () => {
  const encoder = new FrameEncoder(systemIdWriter)
  const commits = fc.array(commit, { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(commits, place, position, fc.nat(100), (commits, place, first, zeros) => {
      encoder.clear()
      let next = first
      const given = commits.map(({ events, ...commit }) => {
        const encoded = events.map((event) => ({ ...encodeEvent(event), id: systemIds() }))
        const firstPosition = next
        const added = { ...commit, firstPosition, events: encoded, versions: encoded.map(() => next++) }
        encoder.add(added)
        return added
      })
      const size = encoder.size
      const written = encoder.finish(place, zeros)
      expect(written.length).toBe(size + zeros)
      expect(written.subarray(size).equals(Buffer.alloc(zeros))).toBe(true)
      const bytes = written.subarray(0, size)
      expect([bytes.length % 8, claimedLength(bytes)]).toEqual([0, size])
      expect(isFrame(bytes, place)).toBe(true)

      const frame = new Frame(bytes)
      const starts = frame.starts()
      expect(starts).toEqual(encoder.starts)
      const expected = given.flatMap(({ events, firstPosition, versions, recordedAtMs, commandId }) =>
        events.map(({ data, metadata, correlationId, ...event }, index) => {
          const [dataBytes, metadataBytes] = [data, metadata].map((each) =>
            typeof each === 'string' ? utf8(each) : each,
          )
          return {
            ...event,
            category: categoryOf(event.stream),
            streamId: streamIdOf(event.stream),
            version: versions[index],
            position: firstPosition + index,
            recordedAt: new Date(recordedAtMs).toISOString(),
            data: isJson(event.contentType) ? JSON.parse(Buffer.from(dataBytes!).toString()) : dataBytes,
            dataBytes: [...dataBytes!],
            metadata: metadataBytes!.length === 0 ? {} : JSON.parse(Buffer.from(metadataBytes!).toString()),
            metadataBytes: [...metadataBytes!],
            // Fields that only the log itself uses.
            recordedAtMs,
            correlationId,
            commandId: index === 0 ? commandId : undefined,
            commitIndex: index,
            commitEvents: events.length,
          }
        }),
      )
      const found = starts.map((start) => {
        const event = frame.event(start)
        const { recordedAtMs, correlationId, commandId, commitIndex, commitEvents } = event
        return { ...fieldsOf(event), recordedAtMs, correlationId, commandId, commitIndex, commitEvents }
      })
      expect(found).toEqual(expected)
      expect(frame).toMatchObject({ kind: 'commits', events: expected.length, firstPosition: first })
      expect([frame.lastPosition, frame.lastRecordedAtMs]).toEqual([next - 1, commits.at(-1)!.recordedAtMs])
    }),
  )
})

test('an event without an id gets one from the id writer', () => {
  const encoder = new FrameEncoder((into, at) => into.fill(7, at, at + 16))
  const events = [encodeEvent({ stream: 'a-1', type: 'T', data: 1 })]
  encoder.add({ commandId: undefined, recordedAtMs: 0, firstPosition: 1, events, versions: [1] })
  const frame = new Frame(encoder.finish({ segment: 1, offset: 64 }, 0))
  expect(frame.event(frame.starts()[0]!).id).toBe('07070707-0707-0707-0707-070707070707')
})

test('a frame is valid only at the place for which it was written', () => {
  const bytes = encodeMark('closed', { segment: 1, offset: 64 }, 1)
  expect(isFrame(bytes, { segment: 1, offset: 64 })).toBe(true)
  expect(isFrame(bytes, { segment: 1, offset: 72 })).toBe(false)
  expect(isFrame(bytes, { segment: 2, offset: 64 })).toBe(false)
  const mark = new Frame(bytes)
  expect(mark).toMatchObject({ kind: 'closed', firstPosition: 1, events: 0, lastPosition: 0 })
  expect(mark.starts()).toEqual([])
})

test('garbage is not a valid frame, and decoding it throws a RangeError without allocating the length that it claims', () => {
  const header = Buffer.concat([Buffer.from('FRME'), Buffer.alloc(frameHeaderBytes - 4, 0xff)])
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      const bytes = Buffer.concat([header, garbage])
      expect(isFrame(bytes, { segment: 1, offset: 64 })).toBe(false)
      expect(() => new Frame(bytes).starts()).toThrow(RangeError)
    }),
  )
})

test('a changed frame is not valid, and decoding it never reads outside the frame', () => {
  const change = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(fc.array(commit, { minLength: 1, maxLength: 3 }), change, (commits, changes) => {
      const encoder = new FrameEncoder(systemIdWriter)
      let next = 1
      for (const { events, ...commit } of commits) {
        const encoded = events.map((event) => encodeEvent(event))
        encoder.add({ ...commit, firstPosition: next, events: encoded, versions: encoded.map(() => next++) })
      }
      const whole = encoder.finish({ segment: 1, offset: 64 }, 0)
      const bytes = Buffer.from(whole)
      for (const [at, bits] of changes) bytes[at % bytes.length]! ^= bits
      if (!bytes.equals(whole)) expect(isFrame(bytes, { segment: 1, offset: 64 })).toBe(false)
      const frame = new Frame(bytes)
      let starts: number[]
      try {
        starts = frame.starts()
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
        return
      }
      for (const start of starts) {
        const { stream, type, tags, contentType, validAt, commandId, dataBytes, metadataBytes, length } =
          frame.event(start)
        const read = [stream, type, ...tags, contentType, validAt ?? '', commandId ?? ''].every(
          (each) => each.length <= length,
        )
        expect(read && dataBytes.length + metadataBytes.length < length && start + length <= bytes.length).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})
