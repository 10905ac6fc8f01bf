// Every case runs end to end at a tiny size: what it measures is not looked at, that it measures and checks something is.
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pgliteFlags } from '../../scripts/pglite-flags.ts'
import { cases } from '../src/cases/index.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'indelible-bench-test-'))
// The user that Postgres runs as must be able to get to its data.
chmodSync(dataDir, 0o755)
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function bench(...args: readonly string[]): Promise<Ended> {
  const program = join(import.meta.dirname, '../bin/bench.ts')
  const flags = ['--conditions=@indelible/source', '--expose-gc', ...pgliteFlags, program, ...args, '--data', dataDir]
  const env = { ...process.env, INDELIBLE_BENCH_TINY: '1', NODE_OPTIONS: '' }
  const ended = promisify(execFile)(process.execPath, flags, { env }).then(({ stdout, stderr }) => ({
    code: 0,
    stdout,
    stderr,
  }))
  return await ended.catch((error) => error as Ended)
}

interface Line {
  readonly case: string
  readonly configuration: string
  readonly ours: number
  readonly limit: number | null
  readonly peers: Readonly<Record<string, number>>
  readonly ratioToLimit: number | null
  readonly checked: boolean
  readonly conditions: Readonly<Record<string, unknown>>
}

const configurations: Readonly<Record<string, number>> = {
  'append-concurrent': 2,
  scan: 2,
  'read-stream': 2,
  open: 8,
  memory: 2,
  growth: 3,
  'fold-10m': 2,
  guard: 4,
  'http-commands': 2,
  'rebuild-10m': 3,
  'as-of-point': 2,
  staleness: 2,
  'live-feeds': 2,
  merkle: 2,
  transfers: 2,
  timers: 4,
  'cold-start': 2,
  'pg-append': 3,
  'pg-growth': 3,
  'pg-rebuild-10m': 2,
  'pg-transfers': 2,
  'pg-staleness': 2,
  bytes: 2,
}

/** All cases in one process, which starts one Postgres server for them. */
let all: Ended
beforeAll(async () => {
  all = await bench('all', '--json', '--peers', 'node:sqlite')
}, 600_000)

test.each(cases.map(({ name }) => name))('%s prints a checked line for each configuration', (name) => {
  expect({ code: all.code, stderr: all.stderr }).toMatchObject({ code: 0 })
  const lines = all.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.case === name)
  expect(lines).toHaveLength(configurations[name] ?? 1)
  expect(new Set(lines.map(({ configuration }) => configuration)).size).toBe(lines.length)
  for (const line of lines) {
    expect(line).toMatchObject({ checked: true, conditions: { node: process.versions.node } })
    expect(line.ours).toBeGreaterThan(0)
    if (line.limit !== null) expect(line.ratioToLimit).toBeCloseTo(line.ours / line.limit, -2)
  }
})

test('the table says of every target whether it was reached', async () => {
  const { code, stdout } = await bench('append-sequential', '--peers', 'node:sqlite')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^case +configuration +unit +ours +limit +ours\/limit +node:sqlite +target$/m)
  expect(stdout).toMatch(/at least node:sqlite: (reached|MISSED); at least 0.8 of the limit: (reached|MISSED)/)
})

test('the large logs are kept for the next run, and nothing else', async () => {
  expect((await bench('memory', '--fresh')).stderr).toMatch(/built a log/)
  expect((await bench('memory')).stderr).not.toMatch(/built a log/)
  expect(readdirSync(dataDir).filter((name) => !/^(bank-)?\d+-[0-9a-f]{12}$/.test(name))).toEqual([])
})

test.each([
  [['append-sequentially'], /There is no case "append-sequentially"\. There are append-sequential, /],
  [[], /Which case\?/],
  [['scan', '--fast'], /Unknown option '--fast'/],
  [['scan', '--peers', 'oracle'], /There is no peer "oracle"/],
  [['scan', '--peers', 'emmett-sqlite'], /not installed.*--peer-modules/],
])('%j is refused with what to write instead', async (args, message) => {
  const { code, stdout, stderr } = await bench(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(message)
})

test('--help shows examples and --list every case', async () => {
  expect((await bench('--help')).stdout).toMatch(/Examples:\n +npm run --silent bench -- /)
  expect((await bench('--list')).stdout.trimEnd().split('\n')).toHaveLength(cases.length)
})
