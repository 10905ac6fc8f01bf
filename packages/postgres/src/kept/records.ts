// Records of consumers in Postgres. A process whose record was written by another one meanwhile writes nothing.
import { type ConsumerRecord, IndelibleError, type ListedRecords } from 'indelible'
import type { KeptDatabase } from './database.ts'

export function postgresConsumers({ schema, query }: KeptDatabase): ListedRecords {
  const saving = `INSERT INTO ${schema}.records AS r (log, name, revision, record)
    SELECT $1, $2, $3, $4 WHERE $3::int8 <= 1 OR EXISTS (SELECT FROM ${schema}.records WHERE log = $1 AND name = $2)
    ON CONFLICT (log, name) DO UPDATE SET revision = excluded.revision, record = excluded.record
    WHERE excluded.revision = 0 OR r.revision = excluded.revision - 1 RETURNING 1`
  return {
    async load(name) {
      const [row] = await query(`SELECT record FROM ${schema}.records WHERE log = $1 AND name = $2`, [name])
      if (!row) return undefined
      const record = parsed(row[0]!)
      if (record?.name === name) return record
      throw new IndelibleError(
        'consumer_damaged',
        `What is kept of the consumer "${name}" in the table ${schema}.records is not what was written. Put back its row; or delete it: the consumer then begins as a new one.`,
        { details: { name } },
      )
    },
    async save(record) {
      const { name, revision = 0 } = record
      const rows = await query(saving, [name, revision, JSON.stringify(record)])
      return rows.length > 0 ? 'saved' : 'superseded'
    },
    async list() {
      const rows = await query(`SELECT name FROM ${schema}.records WHERE log = $1 ORDER BY name`)
      return rows.map(([name]) => name!)
    },
  }
}

function parsed(text: string): ConsumerRecord | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
