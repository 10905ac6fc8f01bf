// Compares the versions of rows in a database with those that the log makes, without either of them in memory. When a version ended follows from the next
// one, so of the ends only their number is compared.
import { historyTable, type TableDefinition } from '../../../kernel/tables.ts'
import type { ReadTables, RowVersion } from '../../../store/read-tables.ts'
import { ContentHash } from './content-hash.ts'

export class VersionsHash {
  readonly #folded: ContentHash
  readonly #written: ContentHash
  /** The versions that the log makes without an end, and those in the database. */
  readonly #open = { folded: new Set<string>(), written: 0 }
  readonly #table: TableDefinition

  constructor(table: TableDefinition) {
    const { to_position: _position, to_time: _time, ...columns } = historyTable(table).columns
    this.#table = table
    this.#folded = new ContentHash({ ...table, columns })
    this.#written = new ContentHash({ ...table, columns })
  }

  fold(versions: readonly RowVersion[]): void {
    const open = this.#open.folded
    for (const { key, row, position, recordedAt } of versions) {
      const text = JSON.stringify(this.#table.key.map((column) => key[column]))
      if (row) {
        this.#folded.add({ ...row, from_position: position, from_time: recordedAt })
        open.add(text)
      } else open.delete(text)
    }
  }

  async scan(tables: ReadTables, table: TableDefinition): Promise<void> {
    await tables.scan(
      table,
      (rows) => {
        for (const row of rows) {
          this.#written.add(row)
          if (row.to_position === null) this.#open.written++
        }
      },
      { history: true },
    )
  }

  get isSame(): boolean {
    const [folded, written] = [this.#folded, this.#written]
    return folded.rows === written.rows && folded.text === written.text && this.#open.folded.size === this.#open.written
  }
}
