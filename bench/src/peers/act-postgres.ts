// Act (https://github.com/Rotorsoft/act-root): its Postgres store, called as its own orchestrator calls it.
import type { PostgresStore } from '@rotorsoft/act-pg'
import { check } from '../check.ts'
import type { Payload } from '../payload.ts'
import { eventType, type Peer } from '../subject.ts'
import { connectionsMax, type PostgresServer } from './postgres-server.ts'
import { unhooked } from './unhooked.ts'

const batchEvents = 1000
const meta = { correlation: 'bench', causation: {} }

/** The fields that Act reads back of an event. */
interface Committed {
  readonly id: number
  readonly version: number
  readonly data: unknown
}

export function actPostgres(server: () => Promise<PostgresServer>): Peer {
  return {
    name: 'act-postgres',
    async open() {
      const Store = await loadStore()
      const database = await (await server()).database()
      // Options beyond Act's own settings go to the pool of pg.
      const config = { port: database.port, host: '127.0.0.1', database: database.name, max: connectionsMax }
      const store = new Store(config)
      await store.seed()
      return {
        // Its versions count from 0, and a stream that does not exist is at -1.
        async append(stream, version, events) {
          const messages = events.map((data) => ({ name: eventType, data: data as unknown as Record<string, unknown> }))
          await store.commit(stream, messages, meta, version - 1)
        },
        async readStream(stream) {
          const found: Payload[] = []
          await store.query(
            (event: Committed) => {
              check(event.version === found.length, `${stream} is read without a gap`)
              found.push(event.data as Payload)
            },
            { stream },
          )
          return found
        },
        async scan(visit) {
          let after = -1
          for (let read = batchEvents; read === batchEvents; ) {
            const each = (event: Committed) => {
              after = event.id
              visit(event.data as Payload)
            }
            read = await store.query(each, { after, limit: batchEvents })
          }
        },
        count: async () => Number((await database.pool.query('SELECT count(*) FROM events')).rows[0].count),
        async close() {
          await store.dispose()
          await database.drop()
        },
      }
    },
  }
}

/** By default it logs everything, and it needs a package.json with a version in the working directory. */
async function loadStore(): Promise<typeof PostgresStore> {
  process.env.LOG_LEVEL ??= 'fatal'
  process.env.NODE_ENV ??= 'production'
  // Act uses pg in a way that pg will remove.
  process.noDeprecation = true
  const before = process.cwd()
  process.chdir(new URL('../..', import.meta.url).pathname)
  try {
    return (await unhooked(() => import('@rotorsoft/act-pg'))).PostgresStore
  } finally {
    process.chdir(before)
  }
}
