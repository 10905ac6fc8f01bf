import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { appendHistory, appendSegments } from '../../test/append.ts'
import { cli, ndjson, temporaryDirectory } from '../../test/support.ts'

function indexes(dataDir: string): Map<string, Buffer> {
  const dir = join(dataDir, 'log')
  const names = readdirSync(dir).filter((name) => name.endsWith('.idx'))
  return new Map(names.sort().map((name) => [name, readFileSync(join(dir, name))]))
}

test('index remakes missing files, byte for byte', async () => {
  const dataDir = temporaryDirectory()
  await appendSegments(dataDir)
  const before = indexes(dataDir)
  expect(before.size).toBe(3)
  rmSync(join(dataDir, 'log', '00000002.idx'))
  const { code, out, err } = await cli(['index', '--data', dataDir], { columns: 80 })
  expect(code).toBe(0)
  expect(out).toMatch(
    /^The index and the replay columns were built again\.\n\n {2}6 events in 3 sealed segments\n {2}\S+ KiB of index and \S+ KiB of replay columns, built in \S+ s\n$/,
  )
  expect(err).toMatch(/Indexing ━+ 100%/)
  expect(indexes(dataDir)).toEqual(before)
})

test('--json gives every number in one line', async () => {
  const dataDir = temporaryDirectory()
  await appendSegments(dataDir)
  expect(ndjson((await cli(['index', '--data', dataDir, '--json'])).out)).toEqual([
    {
      dir: join(dataDir, 'log'),
      segments: 3,
      events: 6,
      bytes: expect.any(Number),
      columnBytes: expect.any(Number),
      ms: expect.any(Number),
    },
  ])
})

test('index says that there is nothing to build if no segment is sealed', async () => {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  expect(await cli(['index', '--data', dataDir])).toEqual({
    code: 0,
    out: 'No segment is sealed yet, so there is nothing to build.\n',
    err: '',
  })
})
