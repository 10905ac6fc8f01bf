// A declared system as JSON: the types. `describe-system.ts` makes it.
import type { ColumnType } from '../kernel/tables.ts'
import type { CommandName } from './command-name.ts'
import type { SagaDescription } from './describe-saga.ts'
import type { JsonSchema } from './json-schema.ts'

export interface SystemDescription extends DescribedPart {
  readonly name: string
  readonly events: readonly EventDescription[]
  readonly aggregates: readonly AggregateDescription[]
  readonly decisionModels: readonly DecisionModelDescription[]
  readonly commands: readonly CommandDescription[]
  readonly projections: readonly ProjectionDescription[]
  readonly sagas: readonly SagaDescription[]
  readonly policies: readonly PolicyDescription[]
  readonly reactions: readonly ReactionDescription[]
  readonly subscriptions: readonly ReactionDescription[]
  readonly remotes: readonly RemoteDescription[]
  readonly activities: readonly ActivityDescription[]
}

/** What the declaration says about itself; null if it says nothing. */
export interface DescribedPart {
  readonly description: string | null
}

export interface EventDescription extends DescribedPart {
  readonly type: string
  readonly version: number
  /** The schema of the recorded data. */
  readonly schema: JsonSchema
  /** Older versions that the log may have, ascending. Readers get them in the newest form. */
  readonly olderVersions: readonly VersionDescription[]
  /** The types whose events are seen as this one. */
  readonly formerTypes: readonly FormerTypeDescription[]
  /** The member of the data with the value of each tag, by the name of the tag. */
  readonly tags: Readonly<Record<string, string>>
  /** The paths of the members of the data that are personal, in any version. */
  readonly personal: readonly string[]
  readonly emittedBy: readonly CommandName[]
  /** Everything that handles the event. */
  readonly handledBy: readonly { readonly kind: HandlerKind; readonly name: string }[]
}

export interface VersionDescription {
  readonly version: number
  readonly schema: JsonSchema
}

/** A type that is no longer recorded. */
export interface FormerTypeDescription {
  readonly type: string
  /** Those that the log may have, ascending. */
  readonly versions: readonly VersionDescription[]
  /** The types as which each of its events is seen, in this order. More than one where it is seen as several. */
  readonly seenAs: readonly string[]
}

export type HandlerKind =
  | 'aggregate'
  | 'decision model'
  | 'projection'
  | 'saga'
  | 'policy'
  | 'reaction'
  | 'subscription'

export interface AggregateDescription extends DescribedPart {
  readonly category: string
  readonly version: number
  readonly events: readonly string[]
  readonly commands: readonly string[]
  /** The members of the state whose values must be unique, each with the reason of the refusal. */
  readonly unique: Readonly<Record<string, string>>
}

export interface DecisionModelDescription extends DescribedPart {
  readonly name: string
  readonly tags: readonly string[]
  readonly events: readonly string[]
}

export interface CommandDescription extends CommandName, DescribedPart {
  /** Null for a command that decides on consulted facts alone. */
  readonly aggregate: string | null
  readonly input: JsonSchema
  readonly emits: readonly string[]
  /** Includes the refusals for values that must be unique. `details` is null if there are none. */
  readonly refuses: readonly { readonly reason: string; readonly details: JsonSchema | null }[]
  readonly visibility: 'public' | 'internal'
  /** `members`: the member of the input for each tag. */
  readonly consults: readonly {
    readonly name: string
    readonly model: string
    readonly members: Readonly<Record<string, string>>
  }[]
}

export interface ProjectionDescription extends DescribedPart {
  readonly name: string
  readonly version: number
  readonly stalenessTargetMs: number
  /** False where the target is the default. */
  readonly declaresStaleness: boolean
  /** Whether a command is answered only when the table shows its events. */
  readonly inline: boolean
  readonly columns: readonly ColumnDescription[]
  readonly key: readonly string[]
  /** Whether every version of each row is kept. */
  readonly history: boolean
  /** `row`: the handler gets no row, a row that must exist, or a row that starts as the initial row. */
  readonly on: readonly { readonly event: string; readonly row: 'none' | 'required' | 'initial' }[]
}

export interface ColumnDescription {
  readonly name: string
  readonly type: ColumnType
  readonly isKey: boolean
  readonly isNullable: boolean
  readonly isIndexed: boolean
}

export interface PolicyDescription extends DescribedPart {
  readonly name: string
  readonly from: 'now' | 'beginning'
  readonly onRefused: 'park' | 'ignore'
  readonly on: readonly string[]
  readonly sends: readonly CommandName[]
}

export interface ReactionDescription extends DescribedPart {
  readonly name: string
  readonly from: 'now' | 'beginning'
  readonly retries: number
  readonly timeoutMs: number
  readonly on: readonly string[]
}

/** Another system. */
export interface RemoteDescription extends DescribedPart {
  readonly name: string
  readonly from: 'now' | 'beginning'
  /** What is sent to it. */
  readonly commands: readonly CommandDescription[]
  /** What is heard from it, by the names that the events have here. */
  readonly events: readonly string[]
}

/** What an HTTP service does. */
export interface ActivityDescription extends CommandDescription {
  readonly service: string
  /** The request: `POST /authorisations`. */
  readonly call: string
  /** The reasons of refusals, by HTTP status. */
  readonly refusedBy: Readonly<Record<number, string>>
  /** The request that asks the service not to do it any more. */
  readonly giveUp: string | null
  /** The statuses of its answer that say that the service never will, besides 2xx and 410. */
  readonly givenUpBy: readonly number[]
}
