// What one request set in motion, as a tree: each entry of the audit trail under the one that led to it, across sagas.
import type { Position } from '../kernel/positions.ts'
import { isReserved } from '../kernel/reserved.ts'
import type { EventStore } from '../store/port.ts'
import { auditPage } from './audit.ts'
import type { AuditEntry } from './audit-entries.ts'

/** An entry, and the one that led to it. */
export interface CausedEntry {
  readonly entry: AuditEntry
  /** The number of the entry that led to it in the list; null for one that nothing in the request led to. */
  readonly cause: number | null
  /** How many entries are above it. */
  readonly depth: number
}

export interface Causation {
  readonly correlationId: string
  /** In the order of a tree: each entry directly after what led to it, and what that led to before; beside each other by time. */
  readonly entries: readonly CausedEntry[]
  /** False where the request has more events, or the log more records since it began, than are examined. */
  readonly isComplete: boolean
}

/** The events of a request that are examined. */
export const causationEventsMax = 10_000
/** The pages of the audit trail that are examined for refused commands of a request. */
export const causationPagesMax = 50

/** Everything that one request set in motion, with what led to what. Empty where no entry has the correlation id. */
export async function causationOf(store: EventStore, correlationId: string): Promise<Causation> {
  const { links, from, isComplete: hasAllLinks } = await linksOf(store, correlationId)
  const { entries: found, isComplete } = await entriesOf(store, { correlationId, from })
  // A refusal is recorded later than it was done.
  const entries = found.toSorted((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0))
  const byId = new Map(entries.flatMap((entry) => idsOf(entry).map((id) => [id, entry] as const)))
  const children = new Map<AuditEntry | undefined, AuditEntry[]>()
  for (const entry of entries) {
    const cause = causeOf(entry, { byId, links })
    children.set(cause, [...(children.get(cause) ?? []), entry])
  }
  return { correlationId, entries: inTreeOrder(entries, children), isComplete: isComplete && hasAllLinks }
}

/** What directly led to each event: the command that recorded it, or what its metadata say. */
async function linksOf(store: EventStore, correlationId: string) {
  const links = new Map<string, string>()
  let from: Position | undefined
  let count = 0
  const options = { reserved: true, limit: causationEventsMax } as const
  for await (const { events } of store.read([{ correlationIds: [correlationId] }], options)) {
    for (const { id, stream, position, metadata } of events) {
      const { commandId, causationId } = metadata
      const link = isReserved(stream) ? causationId : (commandId ?? causationId)
      if (typeof link === 'string') links.set(id, link)
      from ??= position
      count++
    }
  }
  return { links, from: from ?? 1, isComplete: count < causationEventsMax }
}

async function entriesOf(store: EventStore, { correlationId, from }: { correlationId: string; from: Position }) {
  const entries: AuditEntry[] = []
  let after: string | undefined
  for (let page = 0; page < causationPagesMax && entries.length < causationEventsMax; page++) {
    const found = await auditPage(store, { correlationId, from: { position: from }, after, limit: 1_000 })
    entries.push(...found.entries.filter(({ outcome }) => outcome !== 'gap'))
    if (found.next === null) return { entries, isComplete: true }
    after = found.next
  }
  return { entries, isComplete: false }
}

function idsOf({ commandId, eventId }: AuditEntry): readonly string[] {
  return [commandId, eventId].filter((id) => id !== undefined)
}

interface Known {
  readonly byId: ReadonlyMap<string, AuditEntry>
  readonly links: ReadonlyMap<string, string>
}

/** The nearest entry on the way up. Events of sagas on the way are no entries. A command without a cause names itself. */
function causeOf(entry: AuditEntry, { byId, links }: Known): AuditEntry | undefined {
  const seen = new Set<string>(entry.commandId === undefined ? [] : [entry.commandId])
  for (let id = entry.causationId; id !== undefined && !seen.has(id); id = links.get(id)) {
    seen.add(id)
    const found = byId.get(id)
    if (found && found !== entry) return found
  }
  return undefined
}

function inTreeOrder(
  entries: readonly AuditEntry[],
  children: ReadonlyMap<AuditEntry | undefined, readonly AuditEntry[]>,
): readonly CausedEntry[] {
  const list: CausedEntry[] = []
  const told = new Set<AuditEntry>()
  const tell = (root: AuditEntry) => {
    const pending: CausedEntry[] = [{ entry: root, cause: null, depth: 0 }]
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { entry, depth } = next
      if (told.has(entry)) continue
      told.add(entry)
      const cause = list.push(next) - 1
      const below = children.get(entry) ?? []
      for (const each of below.toReversed()) pending.push({ entry: each, cause, depth: depth + 1 })
    }
  }
  for (const root of children.get(undefined) ?? []) tell(root)
  // Callers choose the ids, and may say that two commands led to each other.
  for (const entry of entries) if (!told.has(entry)) tell(entry)
  return list
}
