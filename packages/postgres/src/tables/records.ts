// The record of each read table: which code filled it, its checkpoint, which process runs its projection, and whether that is paused or parked.
import type { Lease, Parked, TableRecord, TableState } from 'indelible'
import { type Query, type SqlRow, sqlState } from '../database/index.ts'
import { quoteName, recordsTable, utcText } from '../sql/index.ts'

export function createRecords(schema: string): string {
  return `CREATE TABLE ${quoteName(schema, recordsTable)} (
    name text COLLATE "C" PRIMARY KEY,
    fingerprint text NOT NULL,
    code text NOT NULL,
    position bigint NOT NULL,
    history text NOT NULL,
    generation bigint NOT NULL,
    is_diverged boolean NOT NULL DEFAULT false,
    has_history boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    is_paused boolean NOT NULL DEFAULT false,
    parked json,
    holder text,
    lease_until timestamptz
  )`
}

const stateColumns = 'fingerprint, code, position, history, generation, is_diverged AS "isDiverged"'

/** Undefined if the table was never opened, or a user dropped it. */
export async function stateOf(query: Query, schema: string, name: string): Promise<TableState | undefined> {
  const records = quoteName(schema, recordsTable)
  const sql = `SELECT ${stateColumns} FROM ${records} WHERE name = $1 AND to_regclass($2) IS NOT NULL`
  const [state] = await query(sql, [name, quoteName(schema, name)])
  return state as TableState | undefined
}

/** The records of a schema, with statements that are their own transactions. If no table was ever opened, there are no records. */
export function tableRecords(database: { readonly query: Query }, schema: string) {
  const records = quoteName(schema, recordsTable)
  const query = async (sql: string, params: readonly unknown[] = []): Promise<readonly SqlRow[]> => {
    try {
      return await database.query(sql, params)
    } catch (error) {
      if (missingStates.has(sqlState(error))) return []
      throw error
    }
  }

  return {
    /** Leaves out records whose table was dropped by a user. */
    async list(): Promise<readonly TableRecord[]> {
      const rows = await query(
        `SELECT name, ${stateColumns}, ${utcText('updated_at')} AS "updatedAt", is_paused AS "isPaused",
        parked, CASE WHEN lease_until > now() THEN holder END AS holder FROM ${records}
        WHERE to_regclass(format('%I.%I', $1::text, name)) IS NOT NULL ORDER BY name`,
        [schema],
      )
      return rows as unknown as readonly TableRecord[]
    },

    /** The row is always written, so that the result is consistent. The lease starts before the statement runs, so it ends no later than its holder expects. */
    async lease(name: string, { holder, ms }: { holder: string; ms: number }): Promise<Lease | undefined> {
      const needsEscaping = 'holder IS NULL OR holder = $2 OR lease_until <= now()'
      const [row] = await query(
        `UPDATE ${records} SET holder = CASE WHEN ${needsEscaping} THEN $2 ELSE holder END,
          lease_until = CASE WHEN ${needsEscaping} THEN now() + $3 * interval '1 millisecond' ELSE lease_until END
        WHERE name = $1 RETURNING holder, is_paused, parked IS NOT NULL AS is_parked`,
        [name, holder, ms],
      )
      if (!row) return undefined
      const {
        holder: current,
        is_paused,
        is_parked,
      } = row as { holder: string; is_paused: boolean; is_parked: boolean }
      return { isHeld: current === holder, holder: current, isPaused: is_paused, isParked: is_parked }
    },

    async release(name: string, holder: string): Promise<void> {
      await query(`UPDATE ${records} SET holder = NULL, lease_until = NULL WHERE name = $1 AND holder = $2`, [
        name,
        holder,
      ])
    },

    async setPaused(name: string, isPaused: boolean): Promise<boolean> {
      const sql = `UPDATE ${records} SET is_paused = $2 WHERE name = $1 AND ${durably} RETURNING name`
      return (await query(sql, [name, isPaused])).length === 1
    },

    async setDiverged(name: string, generation: number): Promise<void> {
      await query(`UPDATE ${records} SET is_diverged = true WHERE name = $1 AND generation = $2`, [name, generation])
    },

    async setCode(name: string, code: string, generation: number): Promise<void> {
      await query(`UPDATE ${records} SET code = $2 WHERE name = $1 AND generation = $3`, [name, code, generation])
    },

    async setParked(name: string, parked: Parked | null): Promise<boolean> {
      const sql = `UPDATE ${records} SET parked = $2::text::json WHERE name = $1 RETURNING name`
      return (await query(sql, [name, parked && JSON.stringify(parked)])).length === 1
    },
  }
}

/** For what cannot be made again from the log: rows do not wait until they are on the disk. It holds for the statement that asks it. */
const durably = `set_config('synchronous_commit', 'on', true) IS NOT NULL`

/** Undefined table, undefined schema. */
const missingStates: ReadonlySet<string | undefined> = new Set(['42P01', '3F000'])
