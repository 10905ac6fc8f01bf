// Leases in Postgres: one statement each, by the clock of the database.
import type { HeldLease, LeaseReport, Leases } from 'indelible'
import type { TextRow } from '../log/text-query.ts'
import type { KeptDatabase } from './database.ts'
import { processKeptMs } from './limits.ts'

export function postgresLeases({ schema, query }: KeptDatabase): Leases {
  const isAlive = (process: string) =>
    `EXISTS (SELECT FROM ${schema}.processes p WHERE p.log = $1 AND p.id = ${process} AND p.alive_until > clock_timestamp())`
  const held = `SELECT l.name, l.holder, l.token, l.report FROM ${schema}.leases l WHERE l.log = $1`
  const alive = `SELECT p.id, NULL, NULL, NULL FROM ${schema}.processes p WHERE p.log = $1 AND p.alive_until > clock_timestamp()`

  /** In the same statement the changes are not seen, so the process itself is added. */
  const renewing = `
    WITH renewed AS (
      INSERT INTO ${schema}.processes (log, id, alive_until) VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
      ON CONFLICT (log, id) DO UPDATE SET alive_until = excluded.alive_until),
    forgotten AS (
      DELETE FROM ${schema}.processes WHERE log = $1 AND alive_until < clock_timestamp() - ${processKeptMs} * interval '1 millisecond'),
    told AS (
      UPDATE ${schema}.leases l SET report = r.report FROM unnest($4::text[], $5::text[]) r(name, report)
      WHERE l.log = $1 AND l.name = r.name AND l.holder = $2 AND l.report IS DISTINCT FROM r.report)
    (${held} AND (l.holder = $2 OR ${isAlive('l.holder')})) UNION ALL (${alive}) UNION ALL SELECT $2, NULL, NULL, NULL`

  const taking = `
    WITH taken AS (
      INSERT INTO ${schema}.leases AS l (log, name, holder, token) SELECT $1, $2, $3, 1 WHERE ${isAlive('$3')}
      ON CONFLICT (log, name) DO UPDATE SET holder = excluded.holder, token = l.token + 1, report = NULL
        WHERE l.holder IS NULL OR (l.holder <> excluded.holder AND NOT ${isAlive('l.holder')})
      RETURNING l.name, l.holder, l.token, l.report)
    SELECT * FROM taken UNION ALL (${held} AND l.name = $2 AND ${isAlive('l.holder')} AND NOT EXISTS (SELECT FROM taken))`

  const viewing = `(${held} AND ${isAlive('l.holder')}) UNION ALL (${alive})`
  const freeing = `UPDATE ${schema}.leases SET holder = NULL, report = NULL WHERE log = $1`

  return {
    async renew(process, { ms, reports = {} }) {
      const texts = Object.values(reports).map((report) => JSON.stringify(report))
      return viewOf(await query(renewing, [process, ms, Object.keys(reports), texts]))
    },
    async take(name, process) {
      const [row] = await query(taking, [name, process])
      return row && leaseOf(row)
    },
    async release(name, process) {
      await query(`${freeing} AND name = $2 AND holder = $3`, [name, process])
    },
    async leave(process) {
      await query(
        `WITH gone AS (DELETE FROM ${schema}.processes WHERE log = $1 AND id = $2) ${freeing} AND holder = $2`,
        [process],
      )
    },
    view: async () => viewOf(await query(viewing)),
  }
}

/** A row without a token is a process. */
function viewOf(rows: readonly TextRow[]) {
  const processes = new Set(rows.flatMap(([id, , token]) => (token === null ? [id!] : [])))
  const leases = rows.filter(([, , token]) => token !== null).map(leaseOf)
  return {
    processes: [...processes].sort(),
    leases: leases.sort((one, other) => (one.name < other.name ? -1 : 1)),
  }
}

function leaseOf([name, holder, token, report]: TextRow): HeldLease {
  const told = report === null ? null : (JSON.parse(report!) as LeaseReport)
  return { name: name!, holder: holder!, token: Number(token), report: told }
}
