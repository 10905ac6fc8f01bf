// What a call needs a grant for. Each operation says it as data, from its input.
import type { PlainVerb } from './grants.ts'

export type Need =
  | { readonly verb: 'send'; readonly command: string; readonly id: string; readonly input: unknown }
  | StreamNeed
  | EventsNeed
  | TableNeed
  | { readonly verb: 'read'; readonly saga: string | undefined; readonly id?: string }
  | { readonly verb: 'decide'; readonly saga: string; readonly id: string }
  | { readonly verb: Exclude<PlainVerb, 'everything'> }
  /** Whoever may do anything at all: what the system is, without data. */
  | { readonly verb: 'any' }

export interface StreamNeed {
  readonly verb: 'read'
  readonly stream: string
  /** `events` may be shown in part, and `state` too. `history` of a state shows every member. */
  readonly of: 'events' | 'state' | 'history'
}

/** Events wherever they are; those that the principal may not see are left out. */
export interface EventsNeed {
  readonly verb: 'read'
  /** All types where they are left out. */
  readonly events: readonly string[] | undefined
}

export interface TableNeed {
  readonly verb: 'read'
  readonly table: string
  /** The rows that the grant allows, with these columns in conditions and order; one row with its history; or the whole table. */
  readonly rows: { readonly columns: readonly string[] } | { readonly key: Readonly<Record<string, unknown>> } | 'all'
}
