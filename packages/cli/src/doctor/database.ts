// The database of the read tables, if it is one that speaks the SQL of Postgres: reachable, version, rights, settings.
import { stat } from 'node:fs/promises'
import { isIndelibleError, type ReadTables } from 'indelible'
import { type Finding, fail, ok, skip, warn } from './finding.ts'

/** What the tables of `@indelible/postgres` have besides the port. */
interface Queryable {
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

interface Where {
  readonly dataDir: string
  /** The process that runs the system now. */
  readonly writer: number | undefined
}

/** The oldest version that still gets fixes (https://www.postgresql.org/support/versioning/). */
const postgresMajorMin = 14

export async function database(
  open: () => Promise<ReadTables>,
  { dataDir, writer }: Where,
): Promise<readonly Finding[]> {
  // An embedded database is made when it is opened, and would belong to whoever runs this.
  const owner = await stat(dataDir).catch(() => undefined)
  if (!owner) return [skip('database', 'nothing has run here yet')]
  if (process.getuid !== undefined && owner.uid !== process.getuid())
    return [skip('database', 'it is opened by the owner of the data directory only')]
  let tables: ReadTables
  try {
    tables = await open()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // An embedded database takes one process.
    if (writer !== undefined && isIndelibleError(error, 'tables_unavailable'))
      return [skip('database', `it is in use by process ${writer}: GET /health of that says more`)]
    return [fail('database', message, 'Is it running, and are the address and the password of the config right?')]
  }
  try {
    if (!('query' in tables)) return [ok('database', 'the read tables are not in a database that answers SQL')]
    return await asked(tables as unknown as Queryable)
  } catch (error) {
    return [
      fail('database', error instanceof Error ? error.message : String(error), 'Look at the log of the database.'),
    ]
  } finally {
    await tables.close()
  }
}

async function asked(tables: Queryable): Promise<readonly Finding[]> {
  const [facts = {}] = await tables.query(
    `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
      current_setting('synchronous_commit') AS synchronous_commit, current_setting('full_page_writes') AS full_page_writes,
      current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS is_standby,
      has_database_privilege(current_database(), 'CREATE') AS may_create_schemas,
      has_schema_privilege(current_schema(), 'CREATE') AS may_create_tables`,
  )
  return [version(String(facts.version)), rights(facts), ...settings(facts)]
}

function version(text: string): Finding {
  const said = `Postgres ${text}`
  if (Number.parseInt(text, 10) >= postgresMajorMin) return ok('database', said)
  return warn('database', said, 'It gets no more fixes: upgrade it.')
}

function rights({ may_create_tables, may_create_schemas, is_standby }: Readonly<Record<string, unknown>>): Finding {
  if (is_standby)
    return fail('database rights', 'it is a standby, which only reads', 'Give the address of the primary.')
  if (may_create_tables || may_create_schemas) return ok('database rights', 'tables can be made')
  return fail(
    'database rights',
    'this user may make neither tables nor schemas',
    'GRANT CREATE ON SCHEMA public TO the user of the config, or ON DATABASE for a schema of its own.',
  )
}

/** Read tables can be made again from the log. What is lost in a crash must not be half a transaction, though. */
function settings({
  fsync,
  full_page_writes,
  synchronous_commit,
  encoding,
}: Readonly<Record<string, unknown>>): readonly Finding[] {
  const harmful = [
    ...(fsync === 'off' ? ['fsync = off'] : []),
    ...(full_page_writes === 'off' ? ['full_page_writes = off'] : []),
  ]
  const told =
    harmful.length > 0
      ? warn(
          'database settings',
          harmful.join(', '),
          'Switch it on: after a crash of its machine the tables may be damaged, and must be rebuilt.',
        )
      : ok(
          'database settings',
          `fsync = ${fsync}, full_page_writes = ${full_page_writes}, synchronous_commit = ${synchronous_commit}`,
        )
  if (encoding === 'UTF8') return [told]
  return [told, fail('database encoding', String(encoding), 'Make the database with ENCODING UTF8.')]
}
