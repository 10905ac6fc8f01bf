// For whoever administers the database: makes the schema of event logs, and gives the role of an application what it needs.
import { sharedDatabase } from './database.ts'
import { toStoreError } from './faults.ts'
import { checkedSchema, grantSql, type InstallOptions, install, installSql } from './schema/install.ts'

export interface InstallPostgresLogOptions extends InstallOptions {
  /** As a role that may make a schema. It owns the schema then. */
  readonly connectionString: string
  /** `indelible` by default. */
  readonly schema?: string
}

/** Makes the schema of event logs unless it is there. May be called again, for another role. Throws `store_missing`, `invalid_declaration`, `io_failed`. */
export async function installPostgresLog({
  connectionString,
  schema = 'indelible',
  ...options
}: InstallPostgresLogOptions): Promise<void> {
  const database = await sharedDatabase({ connectionString, max: 1 }, checkedSchema(schema))
  try {
    await install(database, schema, options)
  } catch (error) {
    throw toStoreError(error)
  } finally {
    await database.close()
  }
}

/** The same as SQL, for a new schema. Throws `invalid_declaration`. */
export function postgresLogSql({
  schema = 'indelible',
  ...options
}: InstallOptions & { readonly schema?: string } = {}): string {
  const made = installSql(checkedSchema(schema), options)
  return `BEGIN;\n${made}${options.role === undefined ? '' : grantSql(schema, options.role)}COMMIT;\n`
}
