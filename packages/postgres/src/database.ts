// The port to one Postgres, a server or PGlite: what the read tables need of a driver and nothing more.

/** Integers of 64 bits come as numbers (as BigInt where a number cannot hold them), dates and times as Postgres writes them, JSON parsed. */
export type SqlRow = Readonly<Record<string, unknown>>

/** Runs one statement with its parameters ($1, $2, ...). */
export type Query = (sql: string, params?: readonly unknown[]) => Promise<readonly SqlRow[]>

export interface TransactionOptions {
  readonly isReadOnly?: boolean
}

/** Errors are the driver's own; those of the database carry `code` (the SQLSTATE) and `severity`. */
export interface SqlDatabase {
  /** The statement is a transaction of its own. */
  readonly query: Query
  /** Statements that are committed together, or not at all where `work` throws. If the connection breaks at the commit, nobody knows which. */
  transaction<Result>(work: (query: Query) => Promise<Result>, options?: TransactionOptions): Promise<Result>
  /** Waits for statements under way. Called once. */
  close(): Promise<void>
}

/** A transaction over one connection. */
export async function inTransaction<Result>(
  query: Query,
  work: (query: Query) => Promise<Result>,
  { isReadOnly = false }: TransactionOptions = {},
): Promise<Result> {
  await query(`BEGIN ISOLATION LEVEL READ COMMITTED ${isReadOnly ? 'READ ONLY' : 'READ WRITE'}`)
  try {
    const result = await work(query)
    await query('COMMIT')
    return result
  } catch (error) {
    // Where the connection is gone this fails too, and the transaction with it; the first error is the one to know.
    await query('ROLLBACK').catch(() => {})
    throw error
  }
}
