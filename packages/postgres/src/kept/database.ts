// The connections for what is kept beside a log. They are few, and apart from those of the log: a lease must not wait behind long reads of events.
import { IndelibleError } from 'indelible'
import type { PoolOptions } from '../database/index.ts'
import { type LogDatabase, sharedDatabase } from '../log/database.ts'
import { toStoreError } from '../log/faults.ts'
import type { TextRow } from '../log/text-query.ts'
import { keptConnectionsMax, keptStatementMsMax } from './limits.ts'

export interface KeptDatabaseOptions {
  readonly pool: PoolOptions
  /** A checked one. */
  readonly schema: string
  readonly log: string
}

/** One statement, where `$1` is the number of the log. Throws the faults of a store. */
export type KeptQuery = (sql: string, values?: readonly unknown[]) => Promise<readonly TextRow[]>

export interface KeptDatabase {
  readonly schema: string
  readonly query: KeptQuery
  /** Does nothing if nothing was asked. */
  close(): Promise<void>
}

/** Connects with the first statement. */
export function keptDatabase({ pool, schema, log }: KeptDatabaseOptions): KeptDatabase {
  let opening: Promise<{ readonly database: LogDatabase; readonly number: string }> | undefined
  let isClosed = false

  async function open() {
    const database = await sharedDatabase({ ...pool, max: keptConnectionsMax }, schema)
    try {
      const [row] = await database.query(`SELECT id FROM ${schema}.open_log($1)`, [log])
      return { database, number: row![0]! }
    } catch (error) {
      await database.close()
      throw error
    }
  }

  return {
    schema,
    async query(sql, values = []) {
      if (isClosed) throw new IndelibleError('store_closed', 'The store was closed.')
      try {
        opening ??= open()
        const { database, number } = await opening.catch((error) => {
          opening = undefined
          throw error
        })
        return await database.query(sql, [number, ...values], { timeoutMs: keptStatementMsMax })
      } catch (error) {
        throw toStoreError(error)
      }
    },
    async close() {
      isClosed = true
      await (await opening?.catch(() => undefined))?.database.close()
    },
  }
}
