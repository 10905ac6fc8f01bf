// Values that only one aggregate of a kind may have. The commit that brings such a value into a state claims it, and the commit that removes it releases it:
// both are tags on the last event, so the newest event with a tag for a value says which aggregate has it. The append has the condition that this is unchanged.
import { hash } from 'node:crypto'
import type { AnyAggregate } from '../../kernel/any-aggregate.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { QueryItem } from '../../kernel/queries.ts'
import type { Refusal } from '../../kernel/refusals.ts'
import { shown } from '../../kernel/shown.ts'
import type { StreamName } from '../../kernel/streams.ts'
import type { EventStore } from '../../store/port.ts'

/** What a change of state claims and releases. */
export interface Claims {
  /** For the last event of the commit. */
  readonly tags: readonly string[]
  /** No event may match this since the claims were read. */
  readonly query: readonly QueryItem[]
}

export const noClaims: Claims = { tags: [], query: [] }

/** The claims, or a refusal if another aggregate has one of the values at this position. */
export async function claimsOf(
  { category, unique }: AnyAggregate,
  change: { readonly stream: StreamName; readonly before: unknown; readonly after: unknown },
  { store, to }: { readonly store: EventStore; readonly to: Position },
): Promise<Claims | Refusal> {
  const tags: string[] = []
  const query: QueryItem[] = []
  for (const [field, reason] of Object.entries(unique)) {
    const who = `The member "${field}" of the state of "${category}"`
    const [old, value] = [memberOf(who, change.before, field), memberOf(who, change.after, field)]
    if (old === value) continue
    if (old !== undefined) {
      const names = tagsOf(category, field, old)
      // The aggregate may have got the value before it was declared unique, and another one may have claimed it since.
      if ((await holderOf(store, names, to)) === change.stream) tags.push(names.released)
    }
    if (value === undefined) continue
    const names = tagsOf(category, field, value)
    const { claimed } = names
    const holder = await holderOf(store, names, to)
    if (holder !== undefined && holder !== change.stream)
      return { refused: reason as string, details: { field, value } }
    tags.push(claimed)
    query.push({ tags: [claimed] })
  }
  return { tags, query }
}

interface ClaimTags {
  readonly claimed: string
  readonly released: string
}

async function holderOf(
  store: EventStore,
  { claimed, released }: ClaimTags,
  to: Position,
): Promise<StreamName | undefined> {
  const items = [{ tags: [claimed] }, { tags: [released] }]
  for await (const { events } of store.read(items, { to, direction: 'backwards', limit: 1 })) {
    for (const { tags, stream } of events) return tags.includes(claimed) ? stream : undefined
  }
  return undefined
}

/** A value may be long or secret, so the tags have its hash. */
function tagsOf(category: string, field: string, value: string | number): ClaimTags {
  const digest = hash('sha256', `${typeof value} ${value}`, 'base64url')
  return { claimed: `$claimed:${category}.${field}:${digest}`, released: `$released:${category}.${field}:${digest}` }
}

function memberOf(who: string, state: unknown, field: string): string | number | undefined {
  const value = (state as Record<string, unknown> | null)?.[field]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' || typeof value === 'number') return value
  throw new IndelibleError(
    'invalid_declaration',
    `${who} is declared unique, but its value is ${shown(value)}. Only text and numbers can be unique.`,
  )
}
