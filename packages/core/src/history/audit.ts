// The audit trail: one question over everything that was done, read from the log page by page.
import { IndelibleError } from '../kernel/errors.ts'
import { position as checkedPosition, type Position } from '../kernel/positions.ts'
import type { Query, QueryItem } from '../kernel/queries.ts'
import { checkedStreamName } from '../kernel/streams.ts'
import { onTag } from '../runtime/audit/records.ts'
import type { EventStore } from '../store/port.ts'
import { type AuditEntry, type AuditOutcome, auditEntryOf, auditTypes } from './audit-entries.ts'
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
  readonly after?: Position | undefined
  /** The default is {@link auditPageDefault}. */
  readonly limit?: number | undefined
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[]
  /** `after` of the next page. A page may be short, or empty, and have one. Null after the last page. */
  readonly next: Position | null
  /** The first and last position that the question is about. */
  readonly from: Position
  readonly to: Position
}

export const auditPageDefault = 100
/** The events that one page examines. */
export const auditExaminedMax = 10_000

/**
 * A page of the audit trail. With `stream`, `correlationId`, `code` or an outcome other than `accepted` and `appended` it comes from the index; otherwise the
 * log is read between `from` and `to`. Throws `invalid_time`, `invalid_position`, `invalid_stream_name`.
 */
export async function auditPage(store: EventStore, options: AuditPageOptions = {}): Promise<AuditPage> {
  const { direction = 'forwards', after, limit = auditPageDefault } = options
  const range = await rangeOf(store, options)
  const isForwards = direction === 'forwards'
  const from = isForwards ? Math.max(range.from, (after ?? 0) + 1) : range.from
  const to = isForwards || after === undefined ? range.to : Math.min(range.to, checkedPosition(after) - 1)
  const query = queryOf(options)
  if (from > to || query.length === 0) return { entries: [], next: null, ...range }
  const end = isForwards ? to : from
  const entries: AuditEntry[] = []
  const read = { from, to, direction, limit: auditExaminedMax, reserved: options.outcome === undefined }
  let examined = 0
  for await (const { events } of store.read(query, read)) {
    for (const event of events) {
      examined++
      const entry = auditEntryOf(event)
      const isFull = examined === auditExaminedMax
      if (entry && fits(entry, options)) entries.push(entry)
      if (!isFull && entries.length < limit) continue
      return { entries, next: event.position === end ? null : event.position, ...range }
    }
  }
  return { entries, next: null, ...range }
}

/** Every entry of the audit trail that fits, oldest first unless asked otherwise. Throws as {@link auditPage}. */
export async function* auditTrail(
  store: EventStore,
  options: Omit<AuditPageOptions, 'after' | 'limit'> = {},
): AsyncGenerator<AuditEntry> {
  let after: Position | null | undefined
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

/** The events that may be entries: from the index where the filters allow it. */
function queryOf({ stream, outcome, code, correlationId }: AuditFilters): Query {
  const isOfDomain = outcome === undefined || outcome === 'accepted' || outcome === 'appended'
  if (stream !== undefined) checkedStreamName(stream)
  const common: QueryItem = correlationId === undefined ? {} : { correlationIds: [correlationId] }
  const onStream: QueryItem = stream === undefined ? {} : { streams: [stream as never] }
  const domain = { ...common, ...onStream }
  const isAll = isOfDomain && code === undefined && Object.keys(domain).length === 0
  if (isAll) return 'all'
  const typesOf = (wanted: readonly AuditOutcome[]) =>
    wanted.filter((each) => outcome === undefined || outcome === each).flatMap((each) => auditTypes[each] ?? [])
  const aboutStream = stream === undefined ? {} : { tags: [onTag(stream)] }
  const recorded = typesOf(code === undefined ? ['refused', 'conflict', 'read'] : ['refused', 'conflict'])
  const operator = code === undefined ? typesOf(['operator']) : []
  const gaps = mayMiss(outcome) ? auditTypes.gap! : []
  const items: readonly QueryItem[] = [
    ...(isOfDomain && code === undefined ? [domain] : []),
    ...(recorded.length === 0 ? [] : [{ types: recorded, ...common, ...aboutStream }]),
    ...(operator.length === 0 ? [] : [{ types: operator, ...common, ...onStream }]),
    ...(gaps.length === 0 ? [] : [{ types: gaps }]),
  ]
  return items
}

/** Whether entries of an outcome may be missing, so that gaps must be told. */
function mayMiss(outcome: AuditOutcome | undefined): boolean {
  return (
    outcome === undefined || outcome === 'gap' || outcome === 'refused' || outcome === 'conflict' || outcome === 'read'
  )
}

const compared = ['actor', 'action', 'stream', 'code', 'correlationId', 'causationId'] as const

function fits(entry: AuditEntry, filters: AuditFilters): boolean {
  const { outcome } = filters
  if (entry.outcome === 'gap') return mayMiss(outcome)
  if (outcome !== undefined && entry.outcome !== outcome) return false
  return compared.every((name) => filters[name] === undefined || filters[name] === entry[name])
}
