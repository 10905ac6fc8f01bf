// The next table takes the place of the live one, by name, in one transaction.
//
// A change that waits meanwhile has not looked its table up yet, or does so again when it goes on: it then finds the new table and the checkpoint
// of the new table, and is superseded.
import { IndelibleError, type ReadTables, type TableDefinition } from 'indelible'
import { formerTableName } from 'indelible/adapter'
import type { Query } from '../database/index.ts'
import { quoted, recordsTable } from '../sql/index.ts'
import { dropTable, exists, notOurs } from './layout.ts'
import { stateOf } from './records.ts'

/** While this waits for those who read the tables, everybody else waits behind it. So it soon gives way, to be tried again. */
const lockMsMax = 2_000

export async function replaceTable(
  query: Query,
  schema: string,
  { live, next, generation }: { live: TableDefinition; next: TableDefinition; generation?: number },
): ReturnType<ReadTables['replace']> {
  const records = quoted(schema, recordsTable)
  const former = formerTableName(live.name)
  const [liveTable, nextTable] = [quoted(schema, live.name), quoted(schema, next.name)]
  await query(`SET LOCAL lock_timeout = ${lockMsMax}`)
  await query(`LOCK TABLE ${liveTable}, ${nextTable} IN ACCESS EXCLUSIVE MODE`)
  await query(`SELECT name FROM ${records} WHERE name IN ($1, $2) ORDER BY name FOR UPDATE`, [live.name, next.name])
  const [shown, built] = [await stateOf(query, schema, live.name), await stateOf(query, schema, next.name)]
  if (!shown || !built) throw await notOurs(query, schema, shown ? next.name : live.name)
  if (built.fingerprint !== next.fingerprint) {
    const message = `Read table "${next.name}" was filled by other code: drop it, and build it anew.`
    throw new IndelibleError('tables_unavailable', message)
  }
  if ((generation ?? built.generation) !== built.generation) return 'superseded'
  if (built.position < shown.position && !shown.isDiverged) return 'behind'
  await assertUnused(query, liveTable)
  await grantAlike(query, { from: liveTable, to: nextTable })
  await dropTable(query, schema, former)
  if (await exists(query, 'to_regclass', quoted(schema, former))) throw await notOurs(query, schema, former)
  await query(`ALTER TABLE ${liveTable} RENAME TO ${quoted(former)}`)
  await query(`ALTER TABLE ${nextTable} RENAME TO ${quoted(live.name)}`)
  const facts = 'fingerprint, code, position, history, generation, is_diverged, updated_at'
  const ofLive = `INSERT INTO ${records} (name, ${facts}) SELECT $1, ${facts} FROM ${records} WHERE name = $2`
  await query(ofLive, [former, live.name])
  const ofNext = `SELECT ${facts}, NULL::json FROM ${records} WHERE name = $1`
  await query(`UPDATE ${records} SET (${facts}, parked) = (${ofNext}) WHERE name = $2`, [next.name, live.name])
  await query(`DELETE FROM ${records} WHERE name = $1`, [next.name])
  return 'replaced'
}

/** What was made over a table follows it when it is renamed, and would silently show what is no longer kept up. */
async function assertUnused(query: Query, table: string): Promise<void> {
  // What depends on the table of a view is the rule that makes it a view.
  const [user] = await query(
    `SELECT CASE WHEN ev_class IS NULL THEN pg_describe_object(classid, objid, objsubid)
       ELSE pg_describe_object('pg_class'::regclass, ev_class, 0) END AS name
     FROM pg_depend LEFT JOIN pg_rewrite AS rule ON classid = 'pg_rewrite'::regclass AND objid = rule.oid AND rulename = '_RETURN'
     WHERE refclassid = 'pg_class'::regclass AND refobjid = $1::regclass AND deptype = 'n' LIMIT 1`,
    [table],
  )
  if (!user) return
  const message = `Read table ${table} cannot be replaced while it is used by ${user.name}: drop that, and make it again afterwards.`
  throw new IndelibleError('tables_unavailable', message)
}

/** Whoever may read a table, or columns of it, may read the same of the one that takes its place, as far as that has them. */
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
