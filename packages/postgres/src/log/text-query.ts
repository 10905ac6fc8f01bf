// How a statement is asked, and what it answers.

/** All fields as the text that the database writes; null where there is none. */
export type TextRow = readonly (string | null)[]

export interface QueryOptions {
  /** A name for the statement, which is then planned once for each connection. */
  readonly name?: string
  readonly timeoutMs?: number
}

export type TextQuery = (
  sql: string,
  values?: readonly unknown[],
  options?: QueryOptions,
) => Promise<readonly TextRow[]>
