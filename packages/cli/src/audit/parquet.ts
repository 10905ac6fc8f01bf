// Entries of the audit trail as a Parquet file, whose metadata say where they come from.
import { fileWriter, parquetWriteRows } from 'hyparquet-writer'
import type { AuditEntry } from 'indelible/history'
import type { Provenance } from './provenance.ts'
import { type ExportColumn, exportColumns } from './rows.ts'

/** So many entries are in memory at a time. */
const rowGroupRows = 10_000

export async function writeParquet(
  file: string,
  entries: AsyncIterable<AuditEntry>,
  provenance: Provenance,
): Promise<void> {
  await parquetWriteRows({
    writer: fileWriter(file),
    rows: rowsOf(entries),
    columns: exportColumns.map(({ name, parquet }) => ({ name, type: parquet })),
    rowGroupSize: rowGroupRows,
    createdBy: 'indelible',
    kvMetadata: Object.entries(provenance).map(([key, value]) => ({
      key: `indelible.${key}`,
      value: typeof value === 'string' ? value : JSON.stringify(value),
    })),
  })
}

async function* rowsOf(entries: AsyncIterable<AuditEntry>): AsyncGenerator<Record<string, unknown>> {
  for await (const entry of entries)
    yield Object.fromEntries(exportColumns.map((column) => [column.name, cellOf(column, entry)]))
}

function cellOf({ parquet, read }: ExportColumn, entry: AuditEntry): unknown {
  const value = read(entry)
  if (value === undefined) return undefined
  if (parquet === 'INT64') return BigInt(value)
  return parquet === 'TIMESTAMP' ? new Date(value) : value
}
