// Entries of the audit trail as CloudEvents 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md), in its JSON format.
import type { AuditEntry } from 'indelible/history'
import type { Provenance } from './provenance.ts'

export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject?: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: unknown
  /** Extensions: names of lower-case letters and digits, values of text. */
  readonly [extension: string]: unknown
}

/** `sequence`, `correlationid` and `causationid` are documented extensions of CloudEvents; `outcome`, `actor` and `commandid` are ours. */
export function cloudEventOf(entry: AuditEntry, source: string): CloudEvent {
  const { position, index, at, outcome, stream, actor, correlationId, causationId, commandId } = entry
  return {
    specversion: '1.0',
    id: `${position}.${index}`,
    source,
    type: `indelible.audit.${outcome}`,
    ...attributes({ subject: stream }),
    time: at,
    datacontenttype: 'application/json',
    // Sorts as text as the entries do.
    sequence: `${String(position).padStart(16, '0')}.${String(index).padStart(6, '0')}`,
    outcome,
    ...attributes({ actor, commandid: commandId, correlationid: correlationId, causationid: causationId }),
    data: entry,
  }
}

/** The first line of an export: what it is. */
export function exportEvent({ source, exportedAt, ...data }: Provenance): CloudEvent {
  return {
    specversion: '1.0',
    id: `export.${data.from}.${data.to}.${exportedAt}`,
    source,
    type: 'indelible.audit.export',
    time: exportedAt,
    datacontenttype: 'application/json',
    data,
  }
}

/** Those that may be attributes: text that is not empty, without control characters, lone surrogates and noncharacters. `data` has all of them. */
function attributes(texts: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const entries = Object.entries(texts)
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => allowed.test(entry[1] ?? '')))
}

const allowed = /^[^\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]+$/u
