// Our store in Postgres behind the interface of the peers, each time in an empty database on the server of the run.
import { postgresStore } from '@indelible/postgres'
import type { BenchContext } from './case.ts'
import { subjectOf } from './ours.ts'
import type { Database } from './peers/postgres-server.ts'
import type { Peer, Subject } from './subject.ts'

export function oursPostgres(context: BenchContext): Peer {
  return {
    name: 'ours',
    async open() {
      const database = await context.database()
      const subject = await openOn(database)
      return {
        ...subject,
        async close() {
          await subject.close()
          await database.drop()
        },
      }
    },
  }
}

export async function openOn({ connectionString }: Database): Promise<Subject> {
  return subjectOf(await postgresStore({ connectionString, durability: 'machine' }))
}
