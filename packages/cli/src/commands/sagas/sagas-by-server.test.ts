// The commands on sagas through a running server, which carries out what a person decided.
import { serve } from '@indelible/server'
import { startSystem } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, onTestFinished, test } from 'vitest'
import { askTrips, booking, systemWith } from '../../../test/sagas-domain.ts'
import { cli, ndjson } from '../../../test/support.ts'

async function served(trips: Readonly<Record<string, string>>) {
  const running = startSystem(systemWith(booking), { store: memoryStore() })
  await askTrips(running, trips)
  const server = await serve(running, { port: 0, closeTimeoutMs: 100 })
  onTestFinished(async () => {
    await server.close()
    await running.close()
  })
  const sagas = (...argv: readonly string[]) => cli(['sagas', ...argv, '--url', server.url])
  return { running, sagas }
}

test('list and show ask the server, page by page', async () => {
  const { sagas } = await served({ t1: '1a', t2: '1b', t3: '1c' })
  expect(ndjson((await sagas('list', '--json')).out)).toMatchObject([{ id: 't1' }, { id: 't2' }, { id: 't3' }])
  expect(ndjson((await sagas('list', 'booking', '--step', 'confirm', '--limit', '2', '--json')).out)).toHaveLength(2)
  const { code, out } = await sagas('show', 'booking', 't2')
  expect(code).toBe(0)
  expect(out).toContain('confirm  asked clerks: May seat 1b be sold?, without a limit\n')
  expect((await sagas('show', 'booking', 't9')).code).toBe(3)
})

test('a decision is recorded with who made it and why, once', async () => {
  const { running, sagas } = await served({ t1: '1a' })
  const decide = ['decide', 'booking', 't1', 'confirm', '{"yes":true}', '--actor', 'ann', '--reason', 'It is free.']
  expect((await sagas(...decide)).out).toMatch(/^booking t1 has its decision\. /)
  await running.waitForSaga(booking, 't1', { timeoutMs: 20_000 })
  const { out } = await sagas('show', 'booking', 't1')
  expect(out).toContain('was decided: {"yes":true} (by ann: It is free.)\n')
  expect(out).toMatch(/^Status +completed$/m)
  expect(await sagas(...decide)).toMatchObject({
    code: 1,
    err: 'error: booking t1 does not ask this at "confirm" (any more).\n',
  })
  expect((await sagas('decide', 'booking', 't1', 'confirm', '{yes}')).code).toBe(2)
})

test('a saga is cancelled, and resumed if it cannot be taken back', async () => {
  const { running, sagas } = await served({ t1: 'stuck', t2: '1b' })
  const cancel = (id: string) => sagas('cancel', 'booking', id, '--reason', 'The bus is late.', '--actor', 'ann')
  expect((await cancel('t2')).code).toBe(0)
  expect(await running.waitForSaga(booking, 't2', { timeoutMs: 20_000 })).toMatchObject({ status: 'compensated' })
  expect((await cancel('t2')).code).toBe(1)
  expect((await cancel('t1')).code).toBe(0)
  await running.waitForSaga(booking, 't1', { timeoutMs: 20_000 })
  const waits = 'sagas resume: it could not be taken back (SeatIsStuck)'
  const { out: listed } = await sagas('list', '--status', 'compensationFailed')
  expect(listed).toContain(waits)
  expect(listed).toMatch(/\n\nbooking t1 needs a person: .*SeatIsStuck/)
  const resume = ['resume', 'booking', 't1', '--how', 'accept', '--reason', 'Paid in cash.', '--json']
  expect(ndjson((await sagas(...resume)).out)).toEqual([{ saga: 'booking', id: 't1', resumed: true }])
  await expect.poll(async () => (await sagas('show', 'booking', 't1')).out).toMatch(/^Status +compensated$/m)
  const { out } = await sagas('show', 'booking', 't1')
  expect(out).toContain('was cancelled (The bus is late.); the saga takes back what it did (by ann)')
  expect(out).toContain('was resumed: what could not be taken back stays (Paid in cash.)')
  expect((await sagas(...resume)).code).toBe(1)
})

test('with --server, the options for a log and a config are refused', async () => {
  const { sagas } = await served({})
  expect((await sagas('list', '--data', 'x')).err).toContain('Give --url without --data and --config.')
})
