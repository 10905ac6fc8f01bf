// What an event takes on the disk: in both our stores, beside the tables of others.
import { mkdirSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { atMost, type BenchCase, type BenchContext, sized } from '../case.ts'
import { check } from '../check.ts'
import { ours } from '../ours.ts'
import { oursPostgres } from '../ours-postgres.ts'
import { payloadBytes, payloadsOf, streamOf } from '../payload.ts'
import type { Database } from '../peers/postgres-server.ts'
import type { Subject } from '../subject.ts'

const streamEvents = 10
const streamsAtOnce = 16

export const bytes: BenchCase = {
  name: 'bytes',
  summary:
    'bytes on disk for each event, with indexes: the log in files and in Postgres, beside other event stores on Postgres',
  async *run(context) {
    const events = sized(context.scale, { full: 200_000, quick: 50_000, tiny: 1000 })
    const peers: Record<string, number> = {}
    for (const peer of context.peers('emmett-postgres', 'act-postgres'))
      peers[peer.name] = await inDatabase(context, () => peer.open(''), events)
    const figures = {
      files: await inFiles(context, events),
      Postgres: await inDatabase(context, () => oursPostgres(context).open(''), events),
    }
    for (const [where, figure] of Object.entries(figures)) {
      const targets = Object.entries(peers).map(([name, theirs]) => atMost(name, figure, theirs))
      const conditions = { events, payloadBytes, clients: streamsAtOnce, sync: 'every event' }
      yield {
        case: this.name,
        configuration: where,
        unit: 'bytes',
        ours: figure,
        limit: payloadBytes,
        peers,
        targets,
        conditions,
      }
    }
  },
}

async function inFiles(context: BenchContext, events: number): Promise<number> {
  const dir = context.scratch('bytes')
  mkdirSync(dir, { recursive: true })
  await write(await ours.open(dir), events)
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => stat(join(parentPath, name))),
  )
  return sizes.reduce((sum, { size }) => sum + size, 0) / events
}

/** The growth of the database that is made meanwhile. */
async function inDatabase(context: BenchContext, open: () => Promise<Subject>, events: number): Promise<number> {
  const observer = await context.database()
  const known = await databases(observer)
  const subject = await open()
  try {
    const [own] = [...(await databases(observer)).keys()].filter((name) => !known.has(name))
    check(own !== undefined, 'the store has a database of its own')
    const empty = (await databases(observer)).get(own!)!
    await write({ ...subject, close: async () => {} }, events)
    return ((await databases(observer)).get(own!)! - empty) / events
  } finally {
    await subject.close()
    await observer.drop()
  }
}

async function databases({ pool }: Database): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query('SELECT datname, pg_database_size(datname)::float8 AS size FROM pg_database')
  return new Map(rows.map(({ datname, size }) => [datname, size]))
}

/** Streams of ten events, in commits of 1, 2, 3 and 4. */
async function write(subject: Subject, events: number): Promise<void> {
  for (let first = 0; first < events / streamEvents; first += streamsAtOnce) {
    const streams = Math.min(streamsAtOnce, events / streamEvents - first)
    await Promise.all(
      Array.from({ length: streams }, async (_, index) => {
        const stream = first + index
        for (let version = 0, count = 1; version < streamEvents; version += count++)
          await subject.append(streamOf(stream), version, payloadsOf(stream, { from: version + 1, count }))
      }),
    )
  }
  check((await subject.count()) === events, `there are ${events} events`)
  await subject.close()
}
