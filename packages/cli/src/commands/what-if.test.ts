// Another past: what the command prints, and how it ends.
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { appendTrips } from '../../test/sagas-domain.ts'
import { cli, ndjson, temporaryDirectory } from '../../test/support.ts'

const config = fileURLToPath(new URL('../../test/sagas-booking.config.ts', import.meta.url))

/** Two trips whose seats were taken. */
async function booked() {
  const data = temporaryDirectory()
  await appendTrips(data, { t1: '1a', t2: '1b' })
  return (...argv: string[]) => cli(['what-if', ...argv, '--data', data, '--config', config])
}

test('an event that did not happen is shown by the states that would be different', async () => {
  const ask = await booked()
  const { code, out, err } = await ask('--without', '4')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toBe(
    'seat-1a at version 1, then at version 0\n  taken  1 → 0\n\nPlayed again from position 4 on. 1 aggregate with other events. Nothing was written.\n',
  )
})

test('with --decide commands come out differently', async () => {
  const ask = await booked()
  const { code, out, err } = await ask('--without', '1', '--decide')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(
    /^TakeSeat to seat-1a at position 4\n {2}recorded {2}SeatTaken \{\}\n {2}then {6}left out: what caused it did not happen\n/,
  )
  expect(out).toMatch(
    / 2 commands decided again, 1 different\. 2 aggregates with other events\. Nothing was written\.\n$/,
  )
})

test('for programs there is a line for each difference, then the totals', async () => {
  const ask = await booked()
  const { code, out } = await ask('--without', '1', '--decide', '--json')
  expect(code).toBe(0)
  expect(ndjson(out)).toMatchObject([
    { about: 'decision', command: 'TakeSeat', position: 4, now: { status: 'left out' } },
    { about: 'state', stream: 'seat-1a', changes: [{ field: 'taken', before: 1, after: 0 }] },
    { about: 'totals', forkedAt: 0, decided: 2, different: 1, streams: 2 },
  ])
})

test.each([
  [[], /Say what is to be different: --without/],
  [['--without', 'x'], /--without takes a position, a whole number of at least 0, not "x"/],
  [['--without', '99'], /There is no event at 99: the log has positions 1 to \d+/],
  [['--instead', '1=x'], /--instead takes JSON, not "x"/],
  [['--event', '{"after":1}'], /stream, type, data is missing/],
  [['--send', '{"after":1,"category":"seat","type":"TakeSeat","id":"1a","input":{}}'], /give "decide" too/],
  [['--without', '1', '--table', 'seats'], /declares no read table "seats"/],
])('%j is refused with what to write instead', async (argv, message) => {
  const ask = await booked()
  const { code, out, err } = await ask(...argv)
  expect(out).toBe('')
  expect(err).toMatch(message)
  expect(code).toBeGreaterThan(0)
})
