// Which events of a log are entries of its audit trail, and what each says: who did what, when and why, and how it ended.
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position, Version } from '../kernel/positions.ts'
import { scheduleSaga } from '../kernel/processes/index.ts'
import { remotePrefix } from '../kernel/remotes.ts'
import { isReserved } from '../kernel/reserved.ts'
import type { ValidTime } from '../kernel/time.ts'
import {
  type AuditGap,
  auditGap,
  commandConflicted,
  commandRefused,
  type NotCarriedOut,
  type ReadRecord,
  readDone,
} from '../runtime/audit/records.ts'
import { commandIn, reasonIn } from './causes.ts'

/**
 * `accepted`: a command whose events were recorded. `refused`: the domain refused it. `conflict`: others changed what it was decided on.
 * `appended`: an event that was appended without a command, or copied from another system. `operator`: what a person decided about sagas, schedules,
 * projections and consumers. `read`: a read by an operation. `gap`: records that are missing here.
 */
export const auditOutcomes = ['accepted', 'refused', 'conflict', 'appended', 'operator', 'read', 'gap'] as const

export type AuditOutcome = (typeof auditOutcomes)[number]

export interface AuditEntry {
  readonly position: Position
  /** The id of the event that says so. */
  readonly id: string
  /** When it was done. A refusal is recorded a moment later, so entries are not strictly in the order of this time. */
  readonly at: ValidTime
  readonly outcome: AuditOutcome
  /** The command, what the operator did, the operation that read, or the event that was appended. */
  readonly action: string
  /** What it was done to. */
  readonly stream?: string
  /** Of the stream: that of the first event of the command, or the one that a refused command was decided on. */
  readonly version?: Version
  readonly actor?: string
  /** Why, as the caller said. */
  readonly reason?: string
  /** Why not: the reason of the refusal, or of the conflict (`expected_version`, `overtaken`). */
  readonly code?: string
  readonly details?: unknown
  /** SHA-256 of the input of a command that was not carried out, in base64url. */
  readonly inputHash?: string
  readonly commandId?: string
  readonly correlationId?: string
  /** The event or command that directly led to it. */
  readonly causationId?: string
}

/** Reserved events that may be entries, by outcome. All others are the machinery of sagas. */
export const auditTypes: Readonly<Partial<Record<AuditOutcome, readonly string[]>>> = {
  refused: [commandRefused],
  conflict: [commandConflicted],
  read: [readDone],
  gap: [auditGap],
  operator: [
    '$ConsumerPaused',
    '$ConsumerResumed',
    '$TableRebuilt',
    '$PreviousTableDropped',
    '$SagaRetried',
    '$SagaResumed',
    '$SagaCancelled',
    '$SagaStarted',
    '$PersonAnswered',
    '$CommandClaimed',
    '$ProofKeyUsed',
  ],
}

const outcomes: ReadonlyMap<string, AuditOutcome> = new Map(
  auditOutcomes.flatMap((outcome) => (auditTypes[outcome] ?? []).map((type) => [type, outcome] as const)),
)

/** The entry that an event is; nothing if it is none: the further events of a command, and the machinery of sagas. */
export function auditEntryOf(event: RecordedEvent): AuditEntry | undefined {
  const outcome = isReserved(event.stream) ? outcomes.get(event.type) : domainOutcome(event)
  if (outcome === undefined) return undefined
  if (outcome === 'operator' && !isByPerson(event)) return undefined
  return entry(event, outcome)
}

/** Only the first event of a commit has the command. Copies of another system's events have its commands. */
function domainOutcome({ metadata, category }: RecordedEvent): AuditOutcome | undefined {
  const { system } = (metadata.remote ?? {}) as { readonly system?: unknown }
  if (typeof system === 'string' && category.startsWith(remotePrefix({ name: system }))) return 'appended'
  if (metadata.command !== undefined) return 'accepted'
  return metadata.commandId === undefined ? 'appended' : undefined
}

/** Sagas cancel, and are started, without a person too. */
function isByPerson({ type, category, metadata, data }: RecordedEvent): boolean {
  if (type === '$SagaStarted') return category === scheduleSaga.category
  if (type !== '$SagaCancelled') return true
  return (data as { event: unknown }).event === null && !String(metadata.actor ?? '').startsWith('saga:')
}

function entry(event: RecordedEvent, outcome: AuditOutcome): AuditEntry {
  const { position, id, recordedAt, metadata } = event
  const { actor, commandId, correlationId, causationId } = metadata
  const told = tellers[outcome](event)
  const optional = { actor, ...told, commandId, correlationId, causationId }
  return {
    position,
    id,
    at: recordedAt,
    outcome,
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Told),
  }
}

type Told = Pick<AuditEntry, 'action'> & Partial<AuditEntry>
type Teller = (event: RecordedEvent) => { readonly [Name in keyof Told]: Told[Name] | undefined }

const notCarriedOut: Teller = ({ data, validAt, recordedAt }) => {
  const { command: action, stream, version, code, details, reason, inputHash } = data as NotCarriedOut
  return { at: validAt ?? recordedAt, action, stream, version, code, details, reason, inputHash }
}

function ofDomain({ type: action, stream, version, metadata, data }: RecordedEvent): ReturnType<Teller> {
  return { action, stream, version, reason: reasonIn(metadata) ?? reasonIn(data) }
}

const tellers: Readonly<Record<AuditOutcome, Teller>> = {
  accepted: (event) => ({ ...ofDomain(event), action: commandIn(event.metadata)?.command ?? event.type }),
  refused: notCarriedOut,
  conflict: notCarriedOut,
  appended: ofDomain,
  operator: ({ type, stream, version, data }) => ({
    action: type,
    stream,
    version,
    reason: reasonIn(data),
    details: data,
  }),
  read: ({ data, tags, validAt, recordedAt }) => {
    const { operation, input } = data as ReadRecord
    const stream = tags[0]?.slice('$on:'.length)
    return { at: validAt ?? recordedAt, action: operation, stream, details: input }
  },
  gap: ({ data, type }) => ({ action: type, details: data as AuditGap }),
}
