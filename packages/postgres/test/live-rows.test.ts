// The live feed of a table on a Postgres server, in a system that does not run its projection: rows from the server and rows that are folded are the same.
import { join } from 'node:path'
import { startPostgresServer } from '@indelible/postgres-server'
import { aggregate, date, defineSystem, event, json, projection, startSystem, text, timestamp } from 'indelible'
import { fileStore } from 'indelible/file'
import { operations } from 'indelible/operations'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { postgresTables } from '../src/server/index.ts'
import { freshDir } from './support.ts'

const Seen = event('Seen', z.object({ day: z.string(), at: z.string(), more: z.any() }))
const bird = aggregate('bird', { initialState: {} }).on(Seen, (state) => state)
const See = bird.command('See', { input: Seen.schema, emits: [Seen], decide: (_state, data) => Seen(data) })
const birds = projection('birds', {
  table: { bird: text().key(), day: date(), at: timestamp(), more: json().nullable() },
}).write(Seen, ({ day, at, more }, { streamId }) => ({ bird: streamId, day, at, more }))
const system = defineSystem({ name: 'birds', commands: [See], projections: [birds] })

test('rows of a server and rows that are folded are the same', async () => {
  const server = await startPostgresServer()
  onTestFinished(() => server.remove())
  const { connectionString } = server
  const dir = join(freshDir(), 'log')
  const writer = startSystem(system, {
    store: await fileStore({ dir }),
    tables: await postgresTables({ connectionString }),
  })
  onTestFinished(() => writer.close())
  const see = (id: string, day: string) =>
    writer.send(See(id, { day, at: `${day}T10:00:00+02:00`, more: { é: [1, null, day] } }))
  for (const id of ['owl', 'jay', 'tit']) await see(id, '2026-01-31')
  await writer.waitFor(birds, 3, { timeoutMs: 20_000 })

  const elsewhere = startSystem(system, {
    store: await fileStore({ dir, access: 'read' }),
    tables: await postgresTables({ connectionString }),
  })
  onTestFinished(() => elsewhere.close())
  const stop = new AbortController()
  const feed = await operations.followRows.run(elsewhere, { name: 'birds' }, { signal: stop.signal })
  const rows = new Map<string, unknown>()
  for await (const batch of feed) {
    for (const { kind, position, data } of batch) {
      const { key, row } = data as { key?: { bird: string }; row?: unknown }
      if (key) rows.set(key.bird, row)
      if (kind === 'caught-up') {
        await writer.rebuild(birds)
        await see('owl', '2026-02-28')
      }
      if (kind === 'row' && position !== undefined) stop.abort()
    }
  }
  await writer.waitFor(birds, (await writer.store.head()).position, { timeoutMs: 20_000 })
  const shown = await writer.select(birds, { orderBy: 'bird' })
  expect([...rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)).toEqual(shown)
  expect(shown).toHaveLength(3)
})
