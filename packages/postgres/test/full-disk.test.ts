// A disk that fills up under embedded tables: reads and health report it, and when there is space again the tables catch up by themselves.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pgliteTables } from '@indelible/postgres'
import { aggregate, bigint, defineSystem, event, isIndelibleError, projection, startSystem, text } from 'indelible'
import { afterAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { newPgliteDirectory } from '../../../scripts/pglite-directory.ts'

const bytesPerMb = 1024 * 1024
const rowCount = 500
const Revalued = event('Revalued', z.object({ value: z.int(), note: z.string() }))
const shop = aggregate('shop', { initialState: {} }).on(Revalued, (state) => state)
const Revalue = shop.command('Revalue', {
  input: Revalued.schema,
  emits: [Revalued],
  decide: (_state, data) => Revalued(data),
})
/** Each event changes all rows, so that the write-ahead log grows fast. */
const values = projection('values', {
  table: { item: text().key(), value: bigint(), sum: bigint(), note: text() },
}).on(
  Revalued,
  {
    key: () => Array.from({ length: rowCount }, (_, n) => ({ item: `item-${n}` })),
    initial: ({ item = '' }) => ({ item, value: 0, sum: 0, note: '' }),
  },
  (row, { value, note }) => ({ ...row, value, sum: row.sum + value, note }),
)

/** Why there is no small disk, if there is none. */
let reason: string | undefined
const disk = mkdtempSync(join(tmpdir(), 'indelible-full-disk-'))
try {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', disk], { stdio: 'pipe' })
} catch (error) {
  reason = `Mounting a small disk takes root on Linux: ${(error as Error).message}`
}
afterAll(() => {
  if (reason === undefined) execFileSync('umount', ['--lazy', disk])
  rmSync(disk, { recursive: true, force: true })
})

test('tables on a disk that fills up report it, lose nothing, and catch up when there is space', async (context) => {
  if (reason !== undefined) context.skip(reason)
  const tables = await pgliteTables({ dir: await newPgliteDirectory(join(disk, 'tables')), statementMsMax: 15_000 })
  const system = startSystem(defineSystem({ name: 'shop', commands: [Revalue], projections: [values] }), { tables })
  await using _ = system
  let appended = 0
  const revalue = async () => {
    await system.send(Revalue('one', { value: ++appended, note: randomBytes(100).toString('hex') }))
  }
  const projected = async () => await system.consumers.show(values)
  await revalue()
  await system.waitFor(values, appended, { timeoutMs: 60_000 })

  const ballast = join(disk, 'ballast')
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - 8 * bytesPerMb))
  let status = await projected()
  while (status.state !== 'retrying') {
    await revalue()
    await system.waitFor(values, appended, { timeoutMs: 200 }).catch((error) => {
      if (!isIndelibleError(error, 'wait_timeout')) throw error
    })
    status = await projected()
  }
  expect(status.error).toMatchObject({ code: 'tables_unavailable', message: expect.stringMatching(/./) })
  await vi.waitFor(
    async () => await expect(system.select(values)).rejects.toMatchObject({ code: 'tables_unavailable' }),
    { timeout: 60_000 },
  )

  rmSync(ballast)
  await vi.waitFor(() => system.waitFor(values, appended), { timeout: 120_000 })
  expect(await projected()).toMatchObject({ state: 'running', position: appended, lagEvents: 0 })
  const rows = await system.select(values, { limit: 1_000 })
  expect(rows.length).toBe(rowCount)
  expect(new Set(rows.map(({ sum }) => sum))).toEqual(new Set([(appended * (appended + 1)) / 2]))
  expect(await system.verifyTable(values)).toMatchObject({ differing: 0 })
}, 600_000)
