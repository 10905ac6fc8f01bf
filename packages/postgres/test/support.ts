// What the campaigns share: processes that are killed, a server that is killed, and comparisons of tables with the log.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { PostgresServer } from '@indelible/postgres-server'
import type { EventStore, Projection, ReadTables, RecordedEvent, Row } from 'indelible'
import { expect, onTestFinished } from 'vitest'
import { type PostgresOptions, postgresDatabase } from '../src/server/index.ts'
import { expectedRows, jarSystem } from './jars.ts'

export function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-jars-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** The options of a projecting process. */
export interface ProjectingOptions {
  readonly dir: string
  readonly connectionString: string
  readonly schema: string
  readonly revision: number
  readonly appends?: boolean
  /** Rebuilds without end: all tables in turn, or one table, which is held in a phase the first time. */
  readonly rebuilds?: boolean | { readonly name: string; readonly holdAt?: string; readonly holdMs?: number }
}

export interface Projecting {
  readonly pid: number
  /** The complete lines that it has printed. */
  readonly lines: readonly string[]
  /** Resolves when the process prints a line with this beginning, from now on, or also earlier with `before`. */
  said(beginning: string, options?: { before?: boolean; timeoutMs?: number }): Promise<boolean>
  kill(): Promise<void>
}

/** Which revision of the code filled a table, by the fingerprint: without the test runner a process has its source unchanged. */
const revisions = new Map(jarSystem().projections.map(({ table }) => [table.fingerprint, 1]))

/** Runs a system in its own process. */
export async function projecting(options: ProjectingOptions): Promise<Projecting> {
  const module = new URL('projecting-child.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@indelible/source', module, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exit = once(child, 'exit')
  const lines: string[] = []
  let isKilled = false
  const waiting = new Set<(line: string) => void>()
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => {
    lines.push(line)
    const [what, , fingerprint] = line.split(' ')
    if (what === 'version') revisions.set(fingerprint!, options.revision)
    for (const each of waiting) each(line)
  })
  void exit.then(([code]) => {
    if (!isKilled) lines.push(`ended ${code}`)
  })
  const it: Projecting = {
    pid: child.pid!,
    lines,
    async said(beginning, { before = false, timeoutMs = 20_000 } = {}) {
      if (before && lines.some((line) => line.startsWith(beginning))) return true
      const heard = Promise.withResolvers<boolean>()
      const hear = (line: string) => line.startsWith(beginning) && heard.resolve(true)
      waiting.add(hear)
      const late = setTimeout(() => heard.resolve(false), timeoutMs)
      void exit.then(() => heard.resolve(false))
      return await heard.promise.finally(() => {
        clearTimeout(late)
        waiting.delete(hear)
      })
    },
    async kill() {
      isKilled = true
      child.kill('SIGKILL')
      const [code] = await exit
      expect(code, `the process ended by itself: ${lines.slice(-5).join('; ')}`).toBe(null)
    },
  }
  expect(await it.said('open', { before: true }), 'a process opens log and tables').toBe(true)
  return it
}

/** The process of the server, and those of the named connections to it. */
export async function serverPids(
  options: PostgresOptions,
  application: string,
): Promise<{ postmaster: number; backends: readonly number[] }> {
  return await answered(() => pidsNow(options, application))
}

async function pidsNow(
  options: PostgresOptions,
  application: string,
): Promise<{ postmaster: number; backends: readonly number[] }> {
  const database = await postgresDatabase({ ...options, max: 1, application_name: 'observer' })
  try {
    const [where] = await database.query('SHOW data_directory')
    const lines = readFileSync(join(where!.data_directory as string, 'postmaster.pid'), 'utf8').split('\n')
    const found = await database.query('SELECT pid FROM pg_stat_activity WHERE application_name = $1', [application])
    return { postmaster: Number(lines[0]), backends: found.map(({ pid }) => pid as number) }
  } finally {
    await database.close()
  }
}

/** Starts a server that was killed: its old processes may take a moment to end. */
export async function started(server: PostgresServer): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await server.start()
    } catch (error) {
      if (tries === 100) throw error
      await pause(100)
    }
  }
}

/** Waits until the server answers. */
export async function answering(tables: ReadTables): Promise<void> {
  await answered(() => tables.list())
}

/** Asks until there is an answer: a server that was killed may answer one question and lose the connection of the next. */
async function answered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (tries === 300) throw error
      await pause(100)
    }
  }
}

export async function history(store: EventStore): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  // The log also contains what operators did.
  for await (const batch of store.read('all', { reserved: true })) events.push(...batch.events)
  return events
}

/** Compares every table with the log, with {@link checkTable}. Returns the lowest checkpoint, 0 if a table was not opened yet. */
export async function checkTables(tables: ReadTables, store: EventStore): Promise<number> {
  const there = new Set((await answered(() => tables.list())).map(({ name }) => name))
  let lowest = Number.POSITIVE_INFINITY
  for (const projection of jarSystem().projections) {
    lowest = Math.min(lowest, there.has(projection.name) ? await checkTable(tables, store, projection) : 0)
  }
  return lowest
}

/** Compares a table, as it is at this moment, with a fold of the log up to the table's own checkpoint, which is returned. */
export async function checkTable(
  tables: ReadTables,
  store: EventStore,
  { name, table }: Pick<Projection, 'name' | 'table'>,
): Promise<number> {
  const { position, fingerprint, rows } = await answered(async () => {
    const rows: Row[] = []
    return { ...(await tables.scan(table, (some) => rows.push(...some))), rows }
  })
  const known = (await history(store)).filter((event) => event.position <= position)
  expect(known.length, `${name} shows nothing that the log does not have`).toBe(position)
  const revision = revisions.get(fingerprint)
  if (revision === undefined) throw new Error(`No process of this test made the table ${name}.`)
  const facts = known.filter(({ category }) => !category.startsWith('$'))
  const expected = expectedRows(name, revision, facts)
  expect(byKey(rows), `${name} at ${position}`).toEqual(byKey([...expected.values()]))
  if (name === 'jar_counts') {
    const counted = rows.reduce((sum, { events }) => sum + (events as number), 0)
    expect(counted, 'each event is counted once').toBe(facts.length)
  }
  return position
}

function byKey(rows: readonly Row[]): Record<string, Row> {
  return Object.fromEntries(rows.map((row) => [String(row.jar ?? row.place), row]))
}

/** Waits until every table shows everything in the log, filled by code of this revision, and checks that. Returns how long it took. */
export async function caughtUp(
  { tables, store, revision }: { tables: ReadTables; store: EventStore; revision: number },
  timeoutMs = 30_000,
): Promise<number> {
  const began = performance.now()
  const { position: head } = await store.head()
  const { projections } = jarSystem()
  for (;;) {
    const records = new Map((await tables.list().catch(() => [])).map((record) => [record.name, record]))
    const behind = projections.filter(({ name }) => {
      const { position = 0, fingerprint = '' } = records.get(name) ?? {}
      return position < head || revisions.get(fingerprint) !== revision
    })
    if (behind.length === 0) break
    const ms = performance.now() - began
    expect(
      ms,
      `${behind[0]!.name} does not get to ${head}: ${JSON.stringify(records.get(behind[0]!.name))}`,
    ).toBeLessThan(timeoutMs)
    await pause(20)
  }
  const ms = performance.now() - began
  expect(await checkTables(tables, store)).toBe(head)
  return ms
}
