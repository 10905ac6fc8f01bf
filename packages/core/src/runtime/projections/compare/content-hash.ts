// A hash over the rows of a table, in any order: to compare two tables without both in memory.
import { hash } from 'node:crypto'
import type { Row, TableDefinition } from '../../../kernel/tables.ts'

export class ContentHash {
  readonly #columns: readonly string[]
  /** The sum of the rows' own hashes, modulo 2^256, in parts of 32 bits from the lowest on. */
  readonly #sum = new Uint32Array(8)
  rows = 0

  constructor({ columns }: TableDefinition) {
    this.#columns = Object.keys(columns).sort()
  }

  add(row: Row): void {
    this.rows++
    const digest = hash('sha256', rowText(this.#columns, row), 'buffer')
    let carry = 0
    for (let part = 0; part < 8; part++) {
      const sum = this.#sum[part]! + digest.readUInt32LE(4 * part) + carry
      this.#sum[part] = sum
      carry = sum > 0xffff_ffff ? 1 : 0
    }
  }

  /** 64 hex digits; all zeros for no rows. */
  get text(): string {
    return [...this.#sum]
      .reverse()
      .map((part) => part.toString(16).padStart(8, '0'))
      .join('')
  }
}

/** The same text for the same content: rows in canonical form have the members of JSON values in one order. */
export function rowText(columns: readonly string[], row: Row): string {
  return JSON.stringify(columns.map((column) => row[column]))
}
