// The commands on schedules: list and show read the log or ask a server, add and cancel need a server.

import { join } from 'node:path'
import { serve } from '@indelible/server'
import { startSystem } from 'indelible'
import { fileStore } from 'indelible/file'
import { expect, onTestFinished, test } from 'vitest'
import { booking, systemWith } from '../../../test/sagas-domain.ts'
import { cli, ndjson, temporaryDirectory } from '../../../test/support.ts'

async function served() {
  const data = temporaryDirectory()
  const running = startSystem(systemWith(booking), { store: await fileStore({ dir: join(data, 'log') }) })
  const server = await serve(running, { port: 0, closeTimeoutMs: 100 })
  onTestFinished(async () => {
    await server.close()
    await running.close()
  })
  const schedules = (...argv: readonly string[]) => cli(['schedules', ...argv])
  return { schedules, url: ['--url', server.url], log: ['--data', data] }
}

const add = ['add', 'trip', 't1', 'AskTrip', '{"seat":"1a"}', '--id', 's1', '--actor', 'ann']

test('a command is scheduled, listed, shown and cancelled', async () => {
  const { schedules, url, log } = await served()
  const added = await schedules(...add, '--at', '2100-01-01T00:00:00+01:00', ...url)
  expect(added).toMatchObject({ code: 0, out: 'AskTrip is sent at 2099-12-31T23:00:00.000Z, as schedule s1.\n' })
  for (const where of [url, log]) {
    const { out } = await schedules('list', ...where)
    expect(out).toMatch(
      /^ {2}ID +STATUS +AT +COMMAND +FOR +BY +WHY\n {2}s1 +waiting +2099-12-31T23:00:00.000Z +AskTrip +trip-t1 +ann +-\n$/,
    )
    expect((await schedules('show', 's1', ...where)).out).toMatch(
      /^s1\n\nStatus +waiting\nCommand +AskTrip for trip-t1, \{"seat":"1a"\}\n/,
    )
    expect(ndjson((await schedules('list', '--json', ...where)).out)).toMatchObject([{ scheduleId: 's1' }])
    expect((await schedules('show', 's9', ...where)).code).toBe(3)
  }
  const cancel = ['cancel', 's1', '--reason', 'The bus is late.', ...url]
  expect(await schedules(...cancel)).toMatchObject({ code: 0, out: 's1 is cancelled.\n' })
  expect(await schedules(...cancel)).toMatchObject({
    code: 1,
    err: expect.stringContaining('s1 was sent or cancelled before.'),
  })
  expect((await schedules('list', ...log)).out).toBe('No command waits for its time. To see all: --status all\n')
  expect((await schedules('list', '--status', 'cancelled', ...log)).out).toContain('The bus is late.')
})

test('what cannot be scheduled is said at once', async () => {
  const { schedules, url } = await served()
  expect((await schedules(...add)).err).toContain('--url')
  expect((await schedules(...add, ...url)).code).toBe(2)
  expect((await schedules('add', 'trip', 't1', 'AskTrip', '{seat}', '--in', '2d', ...url)).code).toBe(2)
})
