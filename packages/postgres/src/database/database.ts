// The port to one Postgres, a server or PGlite: what the read tables need of a driver and nothing more.

/** Integers of 64 bits come as numbers (as BigInt where a number cannot hold them), dates and points in time as text (RFC 3339 in UTC), JSON parsed. */
export type SqlRow = Readonly<Record<string, unknown>>

/** Runs one statement with its parameters ($1, $2, ...). It may take longer than others where that is said. */
export type Query = (
  sql: string,
  params?: readonly unknown[],
  options?: { readonly timeoutMs?: number },
) => Promise<readonly SqlRow[]>

/** Adds rows, given as text (https://www.postgresql.org/docs/current/sql-copy.html), to a table that was made in the same transaction. */
export type Copy = (target: string, rows: string) => Promise<unknown>

/** What a transaction runs on. */
export type Work<Result> = (query: Query, copy: Copy) => Promise<Result>

export interface TransactionOptions {
  readonly isReadOnly?: boolean
  /** Read only, and all of it sees what was there at its first statement. */
  readonly isSnapshot?: boolean
}

/** Errors are the driver's own; those of the database carry `code` (the SQLSTATE) and `severity`. */
export interface SqlDatabase {
  /** The statement is a transaction of its own. */
  readonly query: Query
  /** Statements that are committed together, or not at all where `work` throws. If the connection breaks at the commit, nobody knows which. */
  transaction<Result>(work: Work<Result>, options?: TransactionOptions): Promise<Result>
  /** Waits for statements under way. Called once. */
  close(): Promise<void>
}

/** A transaction over one connection. */
export async function inTransaction<Result>(
  { query, copy }: { query: Query; copy: Copy },
  work: Work<Result>,
  { isReadOnly = false, isSnapshot = false }: TransactionOptions = {},
): Promise<Result> {
  const level = isSnapshot ? 'REPEATABLE READ' : 'READ COMMITTED'
  await query(`BEGIN ISOLATION LEVEL ${level} ${isReadOnly || isSnapshot ? 'READ ONLY' : 'READ WRITE'}`)
  try {
    const result = await work(query, copy)
    await query('COMMIT')
    return result
  } catch (error) {
    // Where the connection is gone this fails too, and the transaction with it; the first error is the one to know.
    await query('ROLLBACK').catch(() => {})
    throw error
  }
}
