// A broken law is an error that names the call, the function of the domain, and the line; also where the domain catches it. And code that hides from the
// guard is found because it answers differently the second time.
import { aggregate, event, liveModel, projection, saga, text } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { rehearse, stateAfter } from 'indelible/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { decideWith, Noted, refusedCall } from './domain.ts'

const note = aggregate('note', { initialState: { texts: [] as readonly string[] } }).on(Noted, (state) => state)

function errorOf(run: () => unknown): { code: string; message: string; details: Record<string, unknown> } {
  try {
    run()
  } catch (error) {
    return error as never
  }
  throw new Error('It threw nothing.')
}

describe('the error names the call, the place and the line', () => {
  test('of a decision', () => {
    const { code, message, details } = errorOf(() => decideWith(() => Date.now()))
    expect(code).toBe('impure_aggregate')
    expect(message).toMatch(
      /^Decide of note\/Note used Date\.now at \/.*\/places\.test\.ts:\d+:\d+\. The time must come in/,
    )
    expect(details).toMatchObject({ place: 'decide of note/Note', call: 'Date.now' })
  })

  test('of the handler of an event, and of an upcast', () => {
    const Told = event('Told', z.object({}))
      .next(z.object({ text: z.string() }))
      .upcast(() => ({ text: `${Math.random()}` }))
    const impure = aggregate('note', { initialState: {} }).on(Told, () => ({ at: performance.now() }))
    expect(errorOf(() => stateAfter(impure, [Told({ text: '' })])).message).toMatch(
      /^The handler of Told in "note" used performance\.now at .*places\.test\.ts/,
    )
    const old = memoryStore()
    const upcasting = projection('tells', { table: { id: text().key(), text: text() } }).on(
      Told,
      { initial: (_key, _data, { streamId }) => ({ id: streamId, text: '' }) },
      (row, data) => ({ ...row, text: data.text }),
    )
    return expect(
      (async () => {
        await old.append({ events: [{ stream: 'note-1', type: 'Told', schemaVersion: 1, data: {} }] })
        await liveModel(upcasting, old)
      })(),
    ).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/"tells" used Math\.random at .*places\.test\.ts/) },
    })
  })

  test('of a step of a saga', () => {
    const Note = note.command('Note', { input: Noted.schema, emits: [Noted], decide: (_state, data) => Noted(data) })
    const impure = saga('impure', { startsOn: Noted }).step('write', {
      command: Note,
      to: () => 'a',
      input: () => ({ text: crypto.randomUUID() }),
    })
    expect(errorOf(() => rehearse(impure, Noted({ text: '' }))).message).toMatch(
      /^Step "write" of saga "impure" used crypto\.randomUUID at .*places\.test\.ts/,
    )
  })

  test('where a library of the platform makes the call for it', () => {
    expect(errorOf(() => decideWith(() => [1].map(() => Math.random()))).message).toMatch(/places\.test\.ts:\d+/)
  })
})

test('a law that the domain breaks and catches is broken all the same', () => {
  const hiding = () => {
    try {
      return Date.now()
    } catch {
      return 'a guess'
    }
  }
  expect(refusedCall(hiding)).toBe('Date.now')
})

test('a decision inside of another one is its own place, and the outer one stays guarded after it', () => {
  expect(refusedCall(() => [decideWith(() => 'inner'), Date.now()])).toBe('Date.now')
  expect(refusedCall(() => [refusedCall(() => Date.now()), 'caught'])).toBeUndefined()
})

describe('what hides from the guard answers differently the second time', () => {
  test('a clock that was taken hold of before', () => {
    // A stand-in for `const { now } = Date` of a module that was loaded before the guard.
    const now = (
      (n) => () =>
        n++
    )(1)
    const { message, details } = errorOf(() => decideWith(now))
    expect(message).toBe(
      'Decide of note/Note answered differently to the same input: data.text was "1" and then "2". It may use only its input.',
    )
    expect(details).toMatchObject({ place: 'decide of note/Note', difference: 'data.text was "1" and then "2"' })
  })

  test('a handler of an event, and a failure that comes the second time', () => {
    let calls = 0
    const counting = aggregate('note', { initialState: { calls: 0, same: { deep: [1] } } }).on(Noted, (state) => ({
      ...state,
      calls: ++calls,
    }))
    expect(errorOf(() => stateAfter(counting, [Noted({ text: '' })])).message).toMatch(
      /^The handler of Noted in "note" answered differently to the same input: calls was 1 and then 2/,
    )
    const failing = () => {
      if (calls++ > 1) throw new Error('again')
    }
    calls = 1
    expect(errorOf(() => decideWith(failing)).message).toMatch(/answered and then, with the same input, failed: again/)
  })

  test('a state that cannot be compared is not', () => {
    const opaque = aggregate('note', { initialState: { of: () => 1 as number } }).on(Noted, () => ({ of: () => 2 }))
    expect(stateAfter(opaque, [Noted({ text: '' })]).of()).toBe(2)
  })

  test('of a long history the first events and then a sample are evolved twice', () => {
    let calls = 0
    const counted = aggregate('note', { initialState: {} }).on(Noted, (state) => {
      calls++
      return state
    })
    stateAfter(
      counted,
      Array.from({ length: 3000 }, () => Noted({ text: '' })),
    )
    expect(calls).toBe(3000 + 1000 + 20)
  })
})
