// Replaces the live table by the staging table: both are renamed in one transaction.
//
// A change that waits for the lock looks its table up afterwards. It then finds the new table and its checkpoint, and is superseded.
import { IndelibleError, type ReadTables, type TableDefinition } from 'indelible'
import { historyTableName, previousTableName } from 'indelible/adapter'
import type { Query } from '../database/index.ts'
import { quoteName, recordsTable } from '../sql/index.ts'
import { dropTable, exists, nameTaken } from './open-and-drop.ts'
import { stateOf } from './records.ts'

/** While the replacement waits for current readers, all other transactions wait behind it. So it gives up soon and is tried again. */
const lockMsMax = 2_000

export async function replaceTable(
  query: Query,
  schema: string,
  { live, staging, generation }: { live: TableDefinition; staging: TableDefinition; generation?: number },
): ReturnType<ReadTables['replace']> {
  const records = quoteName(schema, recordsTable)
  const previous = previousTableName(live.name)
  const [liveTable, stagingTable] = [quoteName(schema, live.name), quoteName(schema, staging.name)]
  await query(`SET LOCAL lock_timeout = ${lockMsMax}`)
  await query(`LOCK TABLE ${liveTable}, ${stagingTable} IN ACCESS EXCLUSIVE MODE`)
  await query(`SELECT name FROM ${records} WHERE name IN ($1, $2) ORDER BY name FOR UPDATE`, [live.name, staging.name])
  const [shown, built] = [await stateOf(query, schema, live.name), await stateOf(query, schema, staging.name)]
  if (!shown || !built) throw await nameTaken(query, schema, shown ? staging.name : live.name)
  if (built.fingerprint !== staging.fingerprint) {
    const message = `Read table "${staging.name}" was filled by other code: drop it and build it again.`
    throw new IndelibleError('tables_unavailable', message)
  }
  if ((generation ?? built.generation) !== built.generation) return 'superseded'
  if (built.position < shown.position && !shown.isDiverged) return 'behind'
  await assertUnused(query, liveTable)
  await grantAlike(query, { from: liveTable, to: stagingTable })
  await dropTable(query, schema, previous)
  if (await exists(query, 'to_regclass', quoteName(schema, previous))) throw await nameTaken(query, schema, previous)
  await renameHistories(query, schema, { live: live.name, staging: staging.name, previous })
  await query(`ALTER TABLE ${liveTable} RENAME TO ${quoteName(previous)}`)
  await query(`ALTER TABLE ${stagingTable} RENAME TO ${quoteName(live.name)}`)
  const facts = 'fingerprint, code, position, history, generation, is_diverged, has_history, updated_at'
  const ofLive = `INSERT INTO ${records} (name, ${facts}) SELECT $1, ${facts} FROM ${records} WHERE name = $2`
  await query(ofLive, [previous, live.name])
  const ofStaging = `SELECT ${facts}, NULL::json FROM ${records} WHERE name = $1`
  await query(`UPDATE ${records} SET (${facts}, parked) = (${ofStaging}) WHERE name = $2`, [staging.name, live.name])
  await query(`DELETE FROM ${records} WHERE name = $1`, [staging.name])
  return 'replaced'
}

async function renameHistories(
  query: Query,
  schema: string,
  { live, staging, previous }: { live: string; staging: string; previous: string },
): Promise<void> {
  const kept = await query(
    `SELECT name FROM ${quoteName(schema, recordsTable)} WHERE name IN ($1, $2) AND has_history`,
    [live, staging],
  )
  const has = (name: string) => kept.some((record) => record.name === name)
  const [ofLive, ofStaging] = [live, staging].map((name) => quoteName(schema, historyTableName(name)))
  if (has(live)) {
    await assertUnused(query, ofLive!)
    if (has(staging)) await grantAlike(query, { from: ofLive!, to: ofStaging! })
    await query(`ALTER TABLE ${ofLive} RENAME TO ${quoteName(historyTableName(previous))}`)
  }
  if (has(staging)) await query(`ALTER TABLE ${ofStaging} RENAME TO ${quoteName(historyTableName(live))}`)
}

/** A view of a table follows it when the table is renamed, and would silently show rows that are no longer updated. */
async function assertUnused(query: Query, table: string): Promise<void> {
  // A view depends on its table through a rule.
  const [user] = await query(
    `SELECT CASE WHEN ev_class IS NULL THEN pg_describe_object(classid, objid, objsubid)
       ELSE pg_describe_object('pg_class'::regclass, ev_class, 0) END AS name
     FROM pg_depend LEFT JOIN pg_rewrite AS rule ON classid = 'pg_rewrite'::regclass AND objid = rule.oid AND rulename = '_RETURN'
     WHERE refclassid = 'pg_class'::regclass AND refobjid = $1::regclass AND deptype = 'n' LIMIT 1`,
    [table],
  )
  if (!user) return
  const message = `Read table ${table} cannot be replaced while ${user.name} uses it. Drop that, and create it again afterwards.`
  throw new IndelibleError('tables_unavailable', message)
}

/** Copies the rights to read a table, or some of its columns, to the table that replaces it. Columns that it does not have are left out. */
async function grantAlike(query: Query, { from, to }: { from: string; to: string }): Promise<void> {
  const reader = `CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END`
  const readers = await query(
    `SELECT ${reader} AS name, '' AS columns
     FROM pg_class, aclexplode(relacl) WHERE oid = $1::regclass AND privilege_type = 'SELECT' AND grantee <> relowner
     UNION ALL
     SELECT ${reader}, format('(%s)', string_agg(quote_ident(a.attname), ', '))
     FROM pg_attribute AS a JOIN pg_attribute AS b ON b.attrelid = $2::regclass AND b.attname = a.attname, aclexplode(a.attacl)
     WHERE a.attrelid = $1::regclass AND privilege_type = 'SELECT' GROUP BY grantee`,
    [from, to],
  )
  for (const { name, columns } of readers) await query(`GRANT SELECT ${columns} ON ${to} TO ${name}`)
}
