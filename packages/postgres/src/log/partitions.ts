// Makes partitions before they are needed, and never in the way of an append.
import type { Position } from 'indelible'
import type { TextQuery } from './text-query.ts'

export class Partitions {
  readonly #query: TextQuery
  readonly #schema: string
  readonly #size: number
  #last = 0
  #making: Promise<void> | undefined

  constructor(query: TextQuery, { schema, size }: { schema: string; size: number }) {
    this.#query = query
    this.#schema = schema
    this.#size = size
  }

  /** To be told how far the log reaches. In the second half of a partition the next one is made. Another process may do the same. */
  reached(head: Position): void {
    const next = Math.floor((head + this.#size / 2) / this.#size)
    if (next <= this.#last || this.#making) return
    this.#making = this.#make(next)
      // It is tried again after the next append; one that finds no partition makes it and waits for it.
      .catch(() => {})
      .finally(() => {
        this.#making = undefined
      })
  }

  /** All that a batch behind this head needs. Throws errors of the driver. */
  async makeFor(head: Position, events: number): Promise<void> {
    for (let at = Math.floor(head / this.#size); at <= (head + events) / this.#size; at++) await this.#make(at)
  }

  async #make(number: number): Promise<void> {
    await this.#query(`SELECT ${this.#schema}.make_partition($1)`, [number * this.#size])
    this.#last = Math.max(this.#last, number)
  }
}
