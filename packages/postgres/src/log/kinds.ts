// The numbers that a log gives to its kinds of events: a category and a type. They never change, so a process keeps what it has learned.
import { IndelibleError } from 'indelible'
import { categoryOf, type EncodedCommit } from 'indelible/adapter'
import type { TextQuery } from './text-query.ts'

interface Log {
  readonly query: TextQuery
  readonly schema: string
  readonly log: number
}

export class Kinds {
  readonly #log: Log
  readonly #numbers = new Map<string, number>()
  readonly #types = new Map<number, string>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Of a kind that was learned. */
  numberOf = (category: string, type: string): number => this.#numbers.get(`${category} ${type}`)!

  /** Makes sure that the kinds of all events have numbers. Throws errors of the driver. */
  learn = async (commits: readonly EncodedCommit[]): Promise<void> => {
    const unknown = new Map<string, { category: string; type: string }>()
    for (const { events } of commits) {
      for (const { stream, type } of events) {
        const category = categoryOf(stream)
        const name = `${category} ${type}`
        if (!this.#numbers.has(name)) unknown.set(name, { category, type })
      }
    }
    if (unknown.size === 0) return
    const { query, schema, log } = this.#log
    const asked = [...unknown.values()]
    const lists = [asked.map(({ category }) => category), asked.map(({ type }) => type)]
    const rows = await query(`SELECT unnest(${schema}.number_kinds($1, $2, $3))`, [log, ...lists])
    for (const [index, kind] of asked.entries()) this.#know(Number(rows[index]![0]), kind)
  }

  /** Of a kind that was learned, or recognised. */
  typeOf(number: number): string {
    return this.#types.get(number)!
  }

  /** Makes sure that kinds that were read have names. Throws errors of the driver, and `log_corrupt`. */
  async recognise(numbers: Iterable<number>): Promise<void> {
    for (const number of numbers) {
      if (this.#types.has(number)) continue
      await this.#load()
      if (this.#types.has(number)) continue
      throw new IndelibleError('log_corrupt', `The log has an event of kind ${number}, which it does not name.`)
    }
  }

  async #load(): Promise<void> {
    const { query, schema, log } = this.#log
    const rows = await query(`SELECT id, category, type FROM ${schema}.kinds WHERE log = $1`, [log])
    for (const [id, category, type] of rows) this.#know(Number(id), { category: category!, type: type! })
  }

  #know(number: number, { category, type }: { category: string; type: string }): void {
    this.#numbers.set(`${category} ${type}`, number)
    this.#types.set(number, type)
  }
}
