// Campaigns of many processes that share one Postgres: some are killed over and over, one at a time is paused for longer than its leases, and what they keep is watched.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import type { ConsumerRecord, RunningSystem } from 'indelible'
import pg from 'pg'
import { expect, onTestFinished, vi } from 'vitest'
import { type Draw, long } from './campaign.ts'

export const processes = long ? 8 : 4
/** The others live until the end. */
const killed = processes / 2
/** From when all are open. */
const ms = long ? 120_000 : 12_000
/** Longer than a lease. */
const pausedMs = 5_500

export interface ManyProcessesOptions {
  /** The module that each process runs. It gets its number, and prints a line for what it did. */
  readonly child: URL
  readonly args: readonly string[]
  readonly server: PostgresServer
  readonly next: Draw
  readonly said: (line: string) => void
}

export interface ManyProcesses {
  readonly kills: number
  readonly pauses: number
  /** The number of times that a record was seen to have changed hands. */
  readonly handovers: number
}

export async function sharedServer(): Promise<PostgresServer> {
  const server = await startPostgresServer({ postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=400'] })
  onTestFinished(() => server.remove())
  return server
}

/** Runs the campaign, and ends all processes between two steps. */
export async function manyProcesses(options: ManyProcessesOptions): Promise<ManyProcesses> {
  const { next, server } = options
  const watch = await watchRecords(server)
  let end = Number.POSITIVE_INFINITY
  const over = Promise.withResolvers<void>()
  let opening = processes
  const opened = () => {
    if (--opening > 0) return
    end = Date.now() + ms
    void pause(ms).then(over.resolve)
  }
  const count = { kills: 0, pauses: 0 }
  const slots = Array.from({ length: processes }, async (_, slot) => {
    for (let isFirst = true; Date.now() < end; isFirst = false) {
      const child = start(options, slot)
      await Promise.race([child.open, child.exit])
      if (isFirst) opened()
      if (slot < killed) {
        await Promise.race([pause(500 + next(4_000)), over.promise])
        if (Date.now() < end) {
          child.process.kill('SIGKILL')
          count.kills++
        }
      } else if (slot === killed) {
        while (Date.now() + pausedMs + 4_000 < end) {
          await pause(1_000 + next(2_000))
          child.process.kill('SIGSTOP')
          await pause(pausedMs)
          child.process.kill('SIGCONT')
          count.pauses++
        }
        await over.promise
      } else await over.promise
      if (Date.now() >= end) child.process.kill('SIGTERM')
      const [code, signal] = await child.exit
      if (signal !== 'SIGKILL') expect(code, `process ${slot} ended with ${code ?? signal}`).toBe(0)
    }
  })
  await Promise.all(slots)
  return { ...count, handovers: await watch.end() }
}

/** Each table is the fold of the log. */
export async function sameAsFold(running: RunningSystem): Promise<void> {
  for (const each of running.system.projections) {
    // The runner may be comparing it itself, as the code of the test is another text than that of the processes.
    const check = await vi.waitFor(() => running.verifyTable(each), { timeout: 60_000, interval: 200 })
    expect(check, each.name).toMatchObject({ differences: [] })
  }
}

function start({ child, args, said }: ManyProcessesOptions, slot: number) {
  const process_ = spawn(process.execPath, ['--conditions=@indelible/source', child.pathname, String(slot), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void process_.kill('SIGKILL'))
  const open = Promise.withResolvers<void>()
  createInterface({ input: process_.stdout! }).on('line', (line) => {
    if (line === 'open') open.resolve()
    else said(line)
  })
  return { process: process_ as ChildProcess, open: open.promise, exit: once(process_, 'exit') }
}

/** What is kept never goes back: each revision follows the one before it, and what was written under a newer lease is not changed under an older one. */
async function watchRecords({ connectionString }: PostgresServer) {
  const client = new pg.Client(connectionString)
  client.on('error', () => {})
  await client.connect()
  const seen = new Map<string, ConsumerRecord>()
  let handovers = 0
  let isEnded = false
  const look = async () => {
    const found = await client
      .query(
        `SELECT record FROM pg_class c, LATERAL (SELECT record FROM indelible.records) r WHERE c.oid = to_regclass('indelible.records')`,
      )
      .catch(() => ({ rows: [] }))
    for (const { record: text } of found.rows as { record: string }[]) {
      const record = JSON.parse(text) as ConsumerRecord
      const before = seen.get(record.name)
      if (before) {
        const what = `${record.name}: ${JSON.stringify([before.token, before.revision, before.checkpoint.position])} became ${JSON.stringify([record.token, record.revision, record.checkpoint.position])}`
        expect(record.revision, what).toBeGreaterThanOrEqual(before.revision!)
        expect(record.token ?? 0, what).toBeGreaterThanOrEqual(before.token ?? 0)
        expect(record.checkpoint.position, what).toBeGreaterThanOrEqual(before.checkpoint.position)
        if (record.token !== before.token) handovers++
      }
      seen.set(record.name, record)
    }
  }
  const looking = (async () => {
    while (!isEnded) {
      await look()
      await pause(50)
    }
  })()
  looking.catch(() => {})
  return {
    async end() {
      isEnded = true
      await looking
      await client.end()
      return handovers
    },
  }
}
