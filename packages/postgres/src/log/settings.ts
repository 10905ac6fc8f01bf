// What the server and the role of this connection mean for a log: what an acknowledgement survives, and what an operator should mend.
import { type Durability, IndelibleError, type StoreHealth } from 'indelible'
import { keptTables } from '../kept/schema.ts'
import type { TextQuery, TextRow } from './text-query.ts'

/** In rising order; their numbers are those of the function `durability` in the database. */
export const durabilities: readonly Durability[] = ['process', 'machine', 'two-machines']

export interface Settings {
  readonly durability: Durability
  readonly concerns: NonNullable<StoreHealth['concerns']>
}

/** Throws `durability_missing` if the server cannot do what is asked, `io_failed` if it only reads, and errors of the driver. */
export async function settingsOf(query: TextQuery, schema: string, asked: Durability | undefined): Promise<Settings> {
  const [row] = await query(
    `SELECT ${schema}.durability(current_setting('synchronous_commit')), ${schema}.durability('on'), current_setting('fsync'),
      current_setting('full_page_writes'), current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
      current_user, r.rolsuper, pg_has_role(n.nspowner, 'MEMBER'), n.nspowner::regrole, current_setting('transaction_read_only'),
      array_to_string(ARRAY(
        SELECT c.relname FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($2)
          AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER') ORDER BY c.relname), ', ')
     FROM pg_roles r, pg_namespace n WHERE r.rolname = current_user AND n.nspname = $1`,
    [schema, keptTables],
  )
  const [usual, most, fsync, fullPages, commit, standbys, role, isSuper, isOwner, owner, readOnly, excess] =
    row as TextRow
  if (readOnly === 'on')
    throw new IndelibleError('io_failed', 'The database only reads: it is a standby, or about to become the primary.')
  const wanted = asked === undefined ? 0 : durabilities.indexOf(asked)
  const settings = `fsync = ${fsync}, full_page_writes = ${fullPages}, synchronous_commit = ${commit}, synchronous_standby_names = "${standbys}"`
  if (wanted > Number(most)) {
    const message = `The options ask for appends that survive "${asked}", and this server gives "${durabilities[Number(most)]}": ${settings}.`
    throw new IndelibleError('durability_missing', message)
  }
  return {
    durability: durabilities[Math.max(wanted, Number(usual))]!,
    concerns: [
      ...(fsync === 'off' || fullPages === 'off'
        ? [
            {
              problem: `The database may lose or damage the log when its machine crashes: ${settings}.`,
              remedy: 'Switch fsync and full_page_writes on.',
            },
          ]
        : []),
      ...(isSuper === 't' || isOwner === 't'
        ? [
            {
              problem: `The role "${role}" of the application ${isSuper === 't' ? 'is a superuser' : `has or can take the rights of "${owner}", which owns the schema "${schema}"`}, so it could remove the triggers that protect events.`,
              remedy: 'Give the application a role of its own: installPostgresLog({ connectionString, schema, role }).',
            },
          ]
        : excess !== ''
          ? [
              {
                problem: `The role "${role}" of the application may change tables of the schema "${schema}" past our functions, or give them triggers: ${excess}.`,
                remedy: `Revoke INSERT, UPDATE, DELETE, TRUNCATE and TRIGGER on them from "${role}", from PUBLIC, and from roles that it is a member of, such as pg_write_all_data.`,
              },
            ]
          : []),
    ],
  }
}
