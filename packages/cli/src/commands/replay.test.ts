// Decisions made again: what the command prints, and how it ends.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NewEvent } from 'indelible'
import { fileStore } from 'indelible/file'
import { expect, test } from 'vitest'
import { appendTrips } from '../../test/sagas-domain.ts'
import { cli, ndjson, temporaryDirectory } from '../../test/support.ts'

const config = fileURLToPath(new URL('../../test/sagas-booking.config.ts', import.meta.url))

/** Two trips whose seats were taken, then these events. */
async function booked(...events: readonly NewEvent[]) {
  const data = temporaryDirectory()
  await appendTrips(data, { t1: '1a', t2: '1b' })
  const store = await fileStore({ dir: join(data, 'log') })
  for (const event of events) await store.append({ events: [event] })
  await store.close()
  return (...argv: string[]) => cli(['replay', ...argv, '--data', data, '--config', config])
}

/** An event as another code would have decided it. */
const taken = (type: string): NewEvent => ({
  stream: 'seat-1a',
  type: 'SeatTaken',
  data: {},
  metadata: {
    command: { type, code: 'older', input: { seat: '1a' } },
    commandId: 'c',
    issuedAt: '2026-01-01T00:00:00Z',
  },
})

test('a log whose decisions are all made again as recorded ends with 0', async () => {
  const replay = await booked({ stream: 'seat-2', type: 'SeatTaken', data: {} })
  const { code, out, err } = await replay()
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toBe(
    'Every decision is made again as recorded. 4 decisions the same, 0 different, 0 of commands that are not declared. ' +
      '1 commit had no recorded command, and were left out.\n',
  )
})

test('a decision that is different is shown with what it was decided on, and ends with 6', async () => {
  const replay = await booked(taken('TakeSeat'))
  const { code, out, err } = await replay()
  expect(code).toBe(6)
  expect(err).toContain('1 decision would not be made as recorded')
  expect(out).toContain('TakeSeat to seat-1a at position')
  expect(out).toMatch(
    /decided on {2}version 1, \{ taken: 1 \}\n {2}input {7}\{ seat: '1a' \}\n {2}recorded {4}SeatTaken \{\}\n/,
  )
  expect(out).toMatch(/now {9}refused: SeatIsTaken \{\}\n {2}The code is not the text that decided then\.\n/)
})

test('for programs there is a line for each decision, then the totals', async () => {
  const replay = await booked(taken('GoAway'))
  const { code, out } = await replay('--json', '--from', '3')
  expect(code).toBe(6)
  const lines = ndjson(out) as readonly Record<string, unknown>[]
  expect(lines.at(-1)).toMatchObject({ about: 'totals', different: 0, undeclared: 1 })
  expect(lines.at(-2)).toMatchObject({ about: 'decision', verdict: 'undeclared', command: 'GoAway', difference: null })
})
