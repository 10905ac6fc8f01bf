// What a developer would build by hand: a table in Node's SQLite, fully synced, each commit a transaction.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { check } from '../check.ts'
import type { Payload } from '../payload.ts'
import { eventType, type Peer } from '../subject.ts'

export const nodeSqlite: Peer = {
  name: 'node:sqlite',
  async open(dir) {
    const db = new DatabaseSync(join(dir, 'events.sqlite'))
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS events (
        position INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        version INTEGER NOT NULL,
        type TEXT NOT NULL,
        data TEXT NOT NULL,
        UNIQUE (stream, version)
      ) STRICT`)
    const begin = db.prepare('BEGIN IMMEDIATE')
    const commit = db.prepare('COMMIT')
    const rollback = db.prepare('ROLLBACK')
    // The unique index refuses an existing version. A gap before it is checked here, because nothing else would.
    const last = db.prepare('SELECT max(version) AS version FROM events WHERE stream = ?')
    const insert = db.prepare('INSERT INTO events (stream, version, type, data) VALUES (?, ?, ?, ?)')
    const ofStream = db.prepare('SELECT version, data FROM events WHERE stream = ? ORDER BY version')
    const all = db.prepare('SELECT data FROM events ORDER BY position')
    const total = db.prepare('SELECT count(*) AS events FROM events')

    return {
      async append(stream, version, events) {
        begin.run()
        try {
          if (((last.get(stream)?.version ?? 0) as number) !== version)
            throw new Error(`${stream} is not at ${version}`)
          for (const [index, data] of events.entries()) {
            insert.run(stream, version + index + 1, eventType, JSON.stringify(data))
          }
          commit.run()
        } catch (error) {
          rollback.run()
          throw error
        }
      },
      async readStream(stream) {
        return ofStream.all(stream).map(({ version, data }, index) => {
          check(version === index + 1, `${stream} is read without a gap`)
          return JSON.parse(data as string) as Payload
        })
      },
      async scan(visit) {
        for (const { data } of all.iterate()) visit(JSON.parse(data as string) as Payload)
      },
      count: async () => total.get()!.events as number,
      close: async () => db.close(),
    }
  },
}
