// Which events of a log are entries of its audit trail, and what each says: who did what, when and why, and how it ended.
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import { scheduleSaga } from '../kernel/processes/index.ts'
import { remotePrefix } from '../kernel/remotes.ts'
import { isReserved } from '../kernel/reserved.ts'
import { type AuditRecord, type AuditRecords, auditRecorded } from '../runtime/audit/records.ts'
import { keyIssued, keyRevoked, shownKeyData } from '../runtime/keys/index.ts'
import { commandIn, reasonIn } from './causes.ts'

/**
 * `accepted`: a command whose events were recorded. `refused`: the domain refused it. `conflict`: others changed what it was decided on.
 * `appended`: an event that was appended without a command, or copied from another system. `operator`: what a person decided about sagas, schedules,
 * projections and consumers. `read`: a read by an operation. `denied`: a call that access refused. `gap`: records that are missing here.
 */
export const auditOutcomes = [
  'accepted',
  'refused',
  'conflict',
  'appended',
  'operator',
  'read',
  'denied',
  'gap',
] as const

export type AuditOutcome = (typeof auditOutcomes)[number]

export interface AuditEntry extends Omit<AuditRecord, 'outcome'> {
  /** Of the event that says so. */
  readonly position: Position
  /** The place among the entries of that event. */
  readonly index: number
  readonly outcome: AuditOutcome
  /** The command, what the operator did, the operation that read, or the event that was appended. */
  readonly action: string
  /** The first event of the command, or the event that was appended. */
  readonly eventId?: string
}

/** What operators do. `$SagaCancelled` and `$SagaStarted` only where a person did it. */
export const operatorTypes = [
  '$ConsumerPaused',
  '$ConsumerResumed',
  '$TableRebuilt',
  '$PreviousTableDropped',
  '$PastTableKept',
  '$PastTableDropped',
  '$SagaRetried',
  '$SagaResumed',
  '$SagaCancelled',
  '$SagaStarted',
  '$PersonAnswered',
  '$CommandClaimed',
  '$ProofKeyUsed',
  keyIssued,
  keyRevoked,
] as const

const isOperatorType: ReadonlySet<string> = new Set(operatorTypes)

/** The entries that an event is. None: the further events of a command, and the machinery of sagas. */
export function auditEntriesOf(event: RecordedEvent): readonly AuditEntry[] {
  if (!isReserved(event.stream)) return domainEntries(event)
  if (event.type === auditRecorded) return recordedEntries(event)
  return isOperatorType.has(event.type) && isByPerson(event) ? [entryOf(event, 'operator', event.type)] : []
}

/** Only the first event of a commit has the command. Copies of events of another system have the commands of that one. */
function domainEntries(event: RecordedEvent): readonly AuditEntry[] {
  const { metadata, category, type } = event
  const { system } = (metadata.remote ?? {}) as { readonly system?: unknown }
  const isCopy = typeof system === 'string' && category.startsWith(remotePrefix({ name: system }))
  if (isCopy) return [entryOf(event, 'appended', type)]
  const { command } = commandIn(metadata) ?? {}
  if (command !== undefined) return [entryOf(event, 'accepted', command)]
  return metadata.commandId === undefined ? [entryOf(event, 'appended', type)] : []
}

function recordedEntries({ position, data, recordedAt: at }: RecordedEvent): readonly AuditEntry[] {
  const { records, gap } = data as AuditRecords
  const entries: AuditEntry[] = records.map((record, index) => {
    const { commandId } = record
    const ids = commandId === undefined ? {} : { correlationId: commandId, causationId: commandId }
    return { position, index, ...ids, ...record }
  })
  if (!gap) return entries
  return [...entries, { position, index: entries.length, at, outcome: 'gap', action: '$AuditGap', details: gap }]
}

/** Sagas cancel, and are started, without a person too. */
function isByPerson({ type, category, metadata, data }: RecordedEvent): boolean {
  if (type === '$SagaStarted') return category === scheduleSaga.category
  if (type !== '$SagaCancelled') return true
  return (data as { event: unknown }).event === null && !String(metadata.actor ?? '').startsWith('saga:')
}

function entryOf(event: RecordedEvent, outcome: AuditOutcome, action: string): AuditEntry {
  const { position, id: eventId, recordedAt: at, stream, version, metadata, data } = event
  const { actor, commandId, correlationId, causationId } = metadata
  const reason = reasonIn(metadata) ?? reasonIn(data)
  const details = outcome === 'operator' ? (action === keyIssued ? shownKeyData(event) : data) : undefined
  const optional = { actor, reason, details, eventId, commandId, correlationId, causationId }
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  return { position, index: 0, at, outcome, action, stream, version, ...(given as Partial<AuditEntry>) }
}
