// The names of streams by their numbers. They never change; those that were needed last are kept.
import { IndelibleError, type StreamName } from 'indelible'
import { streamNamesMax } from '../limits.ts'
import type { TextQuery } from '../text-query.ts'

export class StreamNames {
  readonly #query: TextQuery
  readonly #schema: string
  #recent = new Map<number, StreamName>()
  #older = new Map<number, StreamName>()

  constructor(query: TextQuery, schema: string) {
    this.#query = query
    this.#schema = schema
  }

  /** The names of all these streams. Throws errors of the driver, and `log_corrupt`. */
  async of(numbers: ReadonlySet<number>): Promise<ReadonlyMap<number, StreamName>> {
    const found = new Map<number, StreamName>()
    const missing: number[] = []
    for (const number of numbers) {
      const name = this.#recent.get(number) ?? this.#older.get(number)
      if (name === undefined) missing.push(number)
      else found.set(number, name)
    }
    if (missing.length > 0) {
      const rows = await this.#query(`SELECT id, name FROM ${this.#schema}.streams WHERE id = ANY ($1)`, [missing])
      for (const [number, name] of rows) found.set(Number(number), name as StreamName)
    }
    if (found.size < numbers.size)
      throw new IndelibleError('log_corrupt', 'The log has events of a stream that it does not name.')
    for (const [number, name] of found) this.#recent.set(number, name)
    if (this.#recent.size > streamNamesMax) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    return found
  }
}
