// The port to one Postgres database, a server or PGlite. It has only what the read tables need from a driver.

/** 64-bit integers are numbers (BigInt if a number cannot hold them), dates and timestamps are text (RFC 3339 in UTC), JSON is parsed. */
export type SqlRow = Readonly<Record<string, unknown>>

/** Runs one statement with its parameters ($1, $2, ...). `timeoutMs` replaces the usual time limit. */
export type Query = (
  sql: string,
  params?: readonly unknown[],
  options?: { readonly timeoutMs?: number },
) => Promise<readonly SqlRow[]>

/** Adds rows in the text format of COPY (https://www.postgresql.org/docs/current/sql-copy.html) to a table that was created in the same transaction. */
export type Copy = (target: string, rows: string) => Promise<unknown>

/** The body of a transaction. */
export type Work<Result> = (query: Query, copy: Copy) => Promise<Result>

export interface TransactionOptions {
  readonly isReadOnly?: boolean
  /** Read only, and every statement sees the data as of the first statement. */
  readonly isSnapshot?: boolean
}

/** Errors come from the driver. Those of the database have `code` (the SQLSTATE) and `severity`. */
export interface SqlDatabase {
  /** Runs a statement as its own transaction. */
  readonly query: Query
  /** Commits the statements of `work` together, or none of them if `work` throws. If the connection breaks during the commit, it is unknown which. */
  transaction<Result>(work: Work<Result>, options?: TransactionOptions): Promise<Result>
  /** Waits for statements under way. It is called once. */
  close(): Promise<void>
}

/** Runs a transaction on one connection. */
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
    // If the connection is broken, ROLLBACK fails too, and the database ends the transaction. The first error is the one to report.
    await query('ROLLBACK').catch(() => {})
    throw error
  }
}
