// Makes the schema of event logs, or brings an older one up to date.
import { IndelibleError } from 'indelible'
import { kept, keptTables } from '../../kept/schema.ts'
import { quoteName } from '../../sql/index.ts'
import type { LogDatabase } from '../database.ts'
import * as limits from '../limits.ts'
import type { TextQuery, TextRow } from '../text-query.ts'
import { copyFunctions, copying } from './copying.ts'
import { law } from './law.ts'
import { reading } from './reading.ts'
import { tables } from './tables.ts'
import { writing } from './writing.ts'

/** The version of the tables and functions that this code needs. */
export const layoutVersion = 1

/** Throws `invalid_declaration`. A name that needs no quotes: it is part of many statements. */
export function checkedSchema(schema: string): string {
  if (/^[a-z_][a-z0-9_]{0,40}$/.test(schema) && !schema.startsWith('pg_')) return schema
  const message = `"${schema}" cannot be the schema of event logs: use a lower-case letter, then letters, digits and "_", at most 41 characters.`
  throw new IndelibleError('invalid_declaration', message)
}

/** Throws `invalid_declaration`. */
export function checkedLog(log: string): string {
  if (log !== '' && log.isWellFormed() && !log.includes('\0') && Buffer.byteLength(log) <= limits.logNameBytesMax)
    return log
  const message = `${JSON.stringify(log)} cannot be the name of a log: use 1 to ${limits.logNameBytesMax} bytes of text without U+0000.`
  throw new IndelibleError('invalid_declaration', message)
}

export interface InstallOptions {
  /** The positions of one partition, 5,000,000 by default. */
  readonly partitionEvents?: number
  /** The positions whose events have replay columns together, 250,000 by default. */
  readonly stretchEvents?: number
  /** The role of the application. It may read everything, add events by our functions, change what is kept beside them, and nothing else. Whoever installs owns the schema. */
  readonly role?: string | undefined
}

/** All statements that make the schema. */
export function installSql(schema: string, options: InstallOptions = {}): string {
  const { partitionEvents = limits.partitionEvents, stretchEvents = limits.stretchEvents } = options
  return `CREATE SCHEMA IF NOT EXISTS ${schema};
${tables(schema)}
INSERT INTO ${schema}.layout (version, partition_events, stretch_events) VALUES (${layoutVersion}, ${partitionEvents}, ${stretchEvents});
${law(schema)}
${reading(schema)}
${writing(schema)}
${kept(schema)}
${copying(schema)}
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;
SELECT ${schema}.withdraw();
`
}

/** What the role of an application needs. */
export function grantSql(schema: string, role: string): string {
  const name = quoteName(role)
  return `GRANT USAGE ON SCHEMA ${schema} TO ${name};
GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${name};
GRANT INSERT, UPDATE, DELETE ON ${keptTables.map((table) => `${schema}.${table}`).join(', ')} TO ${name};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${name};
REVOKE ALL ON FUNCTION ${['protect', 'withdraw', 'refuse_change', ...copyFunctions].map((each) => `${schema}.${each}`).join(', ')} FROM ${name};
`
}

/** The version of the schema that is there, if any. Throws errors of the driver. */
export async function installedVersion(query: TextQuery, schema: string): Promise<number | undefined> {
  const sql = `SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1`
  const [found] = await query(sql, [schema])
  if (found === undefined) return undefined
  if (found[0] !== 't') throw new IndelibleError('store_missing', missing(schema, 'this role may not use it'))
  const [[layout]] = (await query('SELECT to_regclass($1)', [`${schema}.layout`])) as [TextRow]
  if (layout === null) return undefined
  const [[version]] = (await query(`SELECT version FROM ${schema}.layout`)) as [TextRow]
  return Number(version)
}

/**
 * Makes the schema unless it is there, and grants its role what it needs. Processes that start at the same time wait for the first one. Throws
 * `store_missing` where this role may not make it, and errors of the driver.
 */
export async function install(database: LogDatabase, schema: string, options: InstallOptions = {}): Promise<void> {
  await database.transaction(async (query) => {
    await query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${schema}.install`])
    if ((await installedVersion(query, schema)) === undefined) {
      const mayMake = `SELECT coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1), has_database_privilege(current_database(), 'CREATE'))`
      const [[may]] = (await query(mayMake, [schema])) as [TextRow]
      if (may !== 't') throw new IndelibleError('store_missing', missing(schema, 'this role may not make them'))
      await query(installSql(schema, options))
    }
    if (options.role !== undefined) await query(grantSql(schema, options.role))
  })
}

function missing(schema: string, why: string): string {
  return `The database has no event logs in the schema "${schema}", and ${why}. A role that may make a schema calls installPostgresLog({ connectionString, schema: '${schema}', role: '<role of the application>' }) of @indelible/postgres, or runs the SQL of postgresLogSql({ schema: '${schema}', role: '<role of the application>' }).`
}
