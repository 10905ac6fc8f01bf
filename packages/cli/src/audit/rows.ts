// Entries of the audit trail as rows with the same columns, for tables.
import type { AuditEntry } from 'indelible/history'

/** A column: its type in XML Schema (for CSVW) and in Parquet. */
export interface ExportColumn {
  readonly name: string
  readonly title: string
  readonly datatype: 'dateTime' | 'string' | 'integer' | 'json'
  readonly parquet: 'TIMESTAMP' | 'STRING' | 'INT32' | 'INT64'
  readonly read: (entry: AuditEntry) => string | number | undefined
}

const text = { datatype: 'string', parquet: 'STRING' } as const
const json = { datatype: 'json', parquet: 'STRING' } as const

export const exportColumns: readonly ExportColumn[] = [
  { name: 'position', title: 'Position', datatype: 'integer', parquet: 'INT64', read: ({ position }) => position },
  { name: 'index', title: 'Index', datatype: 'integer', parquet: 'INT32', read: ({ index }) => index },
  { name: 'at', title: 'At', datatype: 'dateTime', parquet: 'TIMESTAMP', read: ({ at }) => at },
  { name: 'outcome', title: 'Outcome', ...text, read: ({ outcome }) => outcome },
  { name: 'action', title: 'Action', ...text, read: ({ action }) => action },
  { name: 'stream', title: 'Stream', ...text, read: ({ stream }) => stream },
  { name: 'version', title: 'Version', datatype: 'integer', parquet: 'INT64', read: ({ version }) => version },
  { name: 'actor', title: 'Actor', ...text, read: ({ actor }) => actor },
  { name: 'reason', title: 'Reason', ...text, read: ({ reason }) => reason },
  { name: 'code', title: 'Code', ...text, read: ({ code }) => code },
  { name: 'details', title: 'Details', ...json, read: (entry) => jsonOf(entry.details ?? entry.detailsTooLarge) },
  { name: 'input', title: 'Input', ...json, read: (entry) => jsonOf(entry.input ?? entry.inputTooLarge) },
  { name: 'event_id', title: 'Event id', ...text, read: ({ eventId }) => eventId },
  { name: 'command_id', title: 'Command id', ...text, read: ({ commandId }) => commandId },
  { name: 'correlation_id', title: 'Correlation id', ...text, read: ({ correlationId }) => correlationId },
  { name: 'causation_id', title: 'Causation id', ...text, read: ({ causationId }) => causationId },
]

function jsonOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value)
}
