// The audit trail: one question over everything that was done, read from the log page by page.
import { IndelibleError } from '../kernel/errors.ts'
import { position as checkedPosition, type Position } from '../kernel/positions.ts'
import type { Query, QueryItem } from '../kernel/queries.ts'
import { checkedStreamName, type StreamName } from '../kernel/streams.ts'
import { auditRecorded } from '../runtime/audit/records.ts'
import type { EventStore } from '../store/port.ts'
import { type AuditEntry, type AuditOutcome, auditEntriesOf, operatorTypes } from './audit-entries.ts'
import { checkedPoint, type Known } from './points.ts'

/** Which entries. Those of all filters that are given; `gap` entries are in wherever entries may be missing, unless `outcome` excludes them. */
export interface AuditFilters {
  readonly actor?: string | undefined
  /** A command, a type of event, or the name of an operation. */
  readonly action?: string | undefined
  readonly stream?: string | undefined
  readonly outcome?: AuditOutcome | undefined
  /** Why not. */
  readonly code?: string | undefined
  readonly correlationId?: string | undefined
  /** What this event or command directly led to. */
  readonly causationId?: string | undefined
  /** The first point: a position, or a time. A day begins with its first instant (UTC). */
  readonly from?: Known | undefined
  /** The last point, which is in. A day is in until its end (UTC). */
  readonly to?: Known | undefined
}

export interface AuditPageOptions extends AuditFilters {
  /** Oldest or newest entry first. `forwards` when left out. */
  readonly direction?: 'forwards' | 'backwards' | undefined
  /** Where the page before ended: its `next`. */
  readonly after?: string | undefined
  /** The default is {@link auditPageDefault}. */
  readonly limit?: number | undefined
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[]
  /** `after` of the next page. A page may be short, or empty, and have one. Null after the last page. */
  readonly next: string | null
  /** The first and last position that the question is about. */
  readonly from: Position
  readonly to: Position
}

export const auditPageDefault = 100
/** The events, and entries of events, after which a page ends. */
export const auditExaminedMax = 10_000

/**
 * A page of the audit trail. With `stream`, `correlationId`, or an outcome other than `accepted` and `appended`, what cannot be in is left out by the index;
 * otherwise the log is read between `from` and `to`. Throws `invalid_time`, `invalid_position`, `invalid_stream_name`.
 */
export async function auditPage(store: EventStore, options: AuditPageOptions = {}): Promise<AuditPage> {
  const { direction = 'forwards', limit = auditPageDefault, outcome } = options
  const range = await rangeOf(store, options)
  const after = options.after === undefined ? undefined : placeOf(options.after)
  const isForwards = direction === 'forwards'
  const from = isForwards && after ? Math.max(range.from, after.position) : range.from
  const to = !isForwards && after ? Math.min(range.to, after.position) : range.to
  const query = queryOf(options)
  if (from > to || query.length === 0) return { entries: [], next: null, ...range }
  const isNew = ({ position, index }: Place) =>
    position !== after?.position || (isForwards ? index > after.index : index < after.index)
  const entries: AuditEntry[] = []
  let examined = 0
  for await (const { events } of store.read(query, { from, to, direction, reserved: outcome === undefined })) {
    for (const event of events) {
      const all = auditEntriesOf(event)
      for (const entry of isForwards ? all : all.toReversed()) {
        if (!isNew(entry) || !fits(entry, options)) continue
        entries.push(entry)
        if (entries.length === limit) return { entries, next: textOf(entry), ...range }
      }
      examined += Math.max(1, all.length)
      const last = { position: event.position, index: isForwards ? Math.max(0, all.length - 1) : 0 }
      if (examined >= auditExaminedMax) return { entries, next: textOf(last), ...range }
    }
  }
  return { entries, next: null, ...range }
}

/** Every entry of the audit trail that fits, oldest first unless asked otherwise. Throws as {@link auditPage}. */
export async function* auditTrail(
  store: EventStore,
  options: Omit<AuditPageOptions, 'after' | 'limit'> = {},
): AsyncGenerator<AuditEntry> {
  let after: string | null | undefined
  // What is appended meanwhile, such as the record that this was read, is not in.
  const to = options.to ?? { position: (await store.head()).position }
  while (after !== null) {
    const page: AuditPage = await auditPage(store, { ...options, to, after, limit: 1_000 })
    yield* page.entries
    after = page.next
  }
}

async function rangeOf(store: EventStore, { from, to }: AuditFilters): Promise<{ from: Position; to: Position }> {
  const { position: head } = await store.head()
  const [first, last] = [boundOf(from), boundOf(to)]
  const before = first.recordedAt === undefined ? undefined : await store.positionAt(first.recordedAt, { before: true })
  const end = last.recordedAt === undefined ? (last.position ?? head) : await store.positionAt(last.recordedAt)
  return { from: before === undefined ? Math.max(1, first.position ?? 1) : before + 1, to: Math.min(head, end) }
}

function boundOf(point: Known | undefined): { readonly position?: Position; readonly recordedAt?: string } {
  const { version, validAt, position, recordedAt } = checkedPoint(point ?? {})
  if (version === undefined && validAt === undefined)
    return { ...(position !== undefined && { position }), ...(recordedAt !== undefined && { recordedAt }) }
  throw new IndelibleError('invalid_position', 'A bound of the audit trail is a position, or a time of recording.')
}

/** An entry: the position of its event, and its place among the entries of that. */
type Place = Pick<AuditEntry, 'position' | 'index'>

function textOf({ position, index }: Place): string {
  return `${position}.${index}`
}

function placeOf(text: string): Place {
  const [, position, index] = /^(\d{1,16})\.(\d{1,6})$/.exec(text) ?? []
  if (position !== undefined) return { position: checkedPosition(Number(position)), index: Number(index) }
  throw new IndelibleError(
    'invalid_position',
    `"${text}" is not the end of a page: give the "next" of the page before.`,
  )
}

/** The events that may be entries, as far as the index knows. */
function queryOf({ stream, outcome, code, correlationId }: AuditFilters): Query {
  if (stream !== undefined) checkedStreamName(stream)
  const isOfDomain = code === undefined && isOneOf(outcome, ['accepted', 'appended'])
  const isOperator = code === undefined && isOneOf(outcome, ['operator'])
  const isRecorded = isOneOf(outcome, recordedOutcomes)
  const where: QueryItem = {
    ...(stream === undefined ? {} : { streams: [stream as StreamName] }),
    ...(correlationId === undefined ? {} : { correlationIds: [correlationId] }),
  }
  if (isOfDomain && Object.keys(where).length === 0) return 'all'
  return [
    ...(isOfDomain ? [where] : []),
    ...(isOperator ? [{ types: operatorTypes, ...where }] : []),
    ...(isRecorded ? [{ types: [auditRecorded] }] : []),
  ]
}

/** Of the records that queue in memory before they are appended, and may be missing. */
const recordedOutcomes: readonly AuditOutcome[] = ['refused', 'conflict', 'read', 'denied', 'gap']

function isOneOf(outcome: AuditOutcome | undefined, outcomes: readonly AuditOutcome[]): boolean {
  return outcome === undefined || outcomes.includes(outcome)
}

const compared = ['actor', 'action', 'stream', 'code', 'correlationId', 'causationId'] as const

function fits(entry: AuditEntry, filters: AuditFilters): boolean {
  const { outcome } = filters
  // What is missing may fit.
  if (entry.outcome === 'gap') return isOneOf(outcome, recordedOutcomes)
  if (outcome !== undefined && entry.outcome !== outcome) return false
  return compared.every((name) => filters[name] === undefined || filters[name] === entry[name])
}
