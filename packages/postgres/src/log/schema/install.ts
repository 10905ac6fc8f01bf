// Makes the schema of event logs, or brings an older one up to date.
import { IndelibleError } from 'indelible'
import type { LogDatabase } from '../database.ts'
import { partitionEvents } from '../limits.ts'
import type { TextQuery, TextRow } from '../text-query.ts'
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

export interface InstallOptions {
  /** The positions of one partition, 5,000,000 by default. */
  readonly partitionEvents?: number
}

/** All statements that make the schema, for an administrator who wants to see or run them. */
export function installSql(schema: string, options: InstallOptions = {}): string {
  const size = options.partitionEvents ?? partitionEvents
  return `CREATE SCHEMA IF NOT EXISTS ${schema};
${tables(schema)}
INSERT INTO ${schema}.layout (version, partition_events) VALUES (${layoutVersion}, ${size});
${law(schema)}
${reading(schema)}
${writing(schema)}
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;
`
}

/** The version of the schema that is there, if any. Throws errors of the driver. */
export async function installedVersion(query: TextQuery, schema: string): Promise<number | undefined> {
  const [[found]] = (await query('SELECT to_regclass($1)', [`${schema}.layout`])) as [TextRow]
  if (found === null) return undefined
  const [[version]] = (await query(`SELECT version FROM ${schema}.layout`)) as [TextRow]
  return Number(version)
}

/** Makes the schema unless it is there. Processes that start at the same time wait for the first one. Throws errors of the driver. */
export async function install(database: LogDatabase, schema: string, options: InstallOptions = {}): Promise<void> {
  await database.transaction(async (query) => {
    await query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${schema}.install`])
    if ((await installedVersion(query, schema)) === undefined) await query(installSql(schema, options))
  })
}
