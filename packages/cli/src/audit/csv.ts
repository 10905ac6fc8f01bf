// Entries of the audit trail as CSV (RFC 4180), and the file beside it that says where they come from (CSV on the Web).
import { basename } from 'node:path'
import type { AuditEntry } from 'indelible/history'
import type { Provenance } from './provenance.ts'
import { exportColumns } from './rows.ts'

export function csvHead(): string {
  return line(exportColumns.map(({ name }) => name))
}

export function csvLine(entry: AuditEntry): string {
  return line(exportColumns.map(({ read }) => read(entry)))
}

function line(values: readonly (string | number | undefined)[]): string {
  return `${values.map(cell).join(',')}\r\n`
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  // A spreadsheet would calculate such a text, and a formula can send what is in other cells to a stranger (OWASP, CSV injection).
  const safe = formula.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const formula = /^[=+\-@\t\r\n＝＋－＠]/

/** The name that CSV on the Web looks for beside a file (https://www.w3.org/TR/tabular-data-model/#standard-file-metadata). */
export function metadataNameOf(file: string): string {
  return `${file}-metadata.json`
}

export function csvMetadata(file: string, provenance: Provenance): string {
  const columns = exportColumns.map(({ name, title, datatype }) => ({ name, titles: [name, title], datatype }))
  const metadata = {
    '@context': 'http://www.w3.org/ns/csvw',
    url: basename(file),
    dialect: { encoding: 'utf-8', header: true, lineTerminators: ['\r\n'] },
    tableSchema: { columns, primaryKey: ['position', 'index'] },
    notes: [{ title: 'Export of the audit trail of an Indelible log', ...provenance }],
  }
  return `${JSON.stringify(metadata, null, 2)}\n`
}
