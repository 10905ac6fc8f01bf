// The Event Storming board of a system as data: who decides what, what happens then, and who listens. Its Markdown form, its picture and new systems are made from it.
import type { Field } from '../fields.ts'
import type { ColumnDescription, DescribedPart } from '../system-description.ts'

export interface Board extends DescribedPart {
  readonly name: string
  readonly lanes: readonly BoardLane[]
  readonly models: readonly BoardModel[]
  readonly policies: readonly BoardPolicy[]
  readonly sagas: readonly BoardSaga[]
  readonly readModels: readonly BoardReadModel[]
  readonly reactions: readonly BoardListener[]
  readonly subscriptions: readonly BoardListener[]
  /** Questions that are still open. */
  readonly hotSpots: readonly string[]
}

/** What decides: an aggregate, commands on consulted facts alone, another system, or an HTTP service. `elsewhere` has the events that come from none of them. */
export interface BoardLane extends DescribedPart {
  readonly kind: 'aggregate' | 'facts' | 'system' | 'service' | 'elsewhere'
  readonly name: string
  /** The members of the state whose values must be unique, each with the reason of the refusal. */
  readonly unique: Readonly<Record<string, string>>
  readonly commands: readonly BoardCommand[]
  readonly events: readonly BoardEvent[]
}

export interface BoardCommand extends DescribedPart {
  /** The type; where several commands have it, with what they belong to: `partner: Open`. */
  readonly name: string
  readonly fields: readonly Field[]
  readonly emits: readonly string[]
  readonly refuses: readonly string[]
  /** The decision models whose facts it asks for. */
  readonly consults: readonly string[]
  /** Only sagas, policies and code of the system send it. */
  readonly isInternal: boolean
  /** The request of an HTTP service. */
  readonly call: string | null
}

export interface BoardEvent extends DescribedPart {
  readonly name: string
  readonly fields: readonly Field[]
}

export interface BoardModel extends DescribedPart {
  readonly name: string
  readonly by: readonly string[]
  readonly on: readonly string[]
}

export interface BoardPolicy extends BoardListener {
  readonly sends: readonly string[]
}

export interface BoardSaga extends DescribedPart {
  readonly name: string
  readonly owner: string | null
  readonly startsOn: readonly string[]
  /** The data that other sagas start it with; null where it has start events. */
  readonly data: readonly Field[] | null
  readonly cancelsOn: readonly string[]
  readonly steps: readonly BoardStep[]
  readonly onCompleted: string | null
  readonly onCompensated: string | null
}

export type BoardStep = { readonly name: string } & (
  | {
      readonly kind: 'step'
      readonly sends: string
      readonly continueOn: readonly string[]
      readonly compensatesWith: string | null
      readonly timeout: string | null
    }
  | { readonly kind: 'each'; readonly atOnce: number; readonly steps: readonly BoardStep[] }
  | { readonly kind: 'parallel' | 'choose'; readonly branches: Readonly<Record<string, readonly BoardStep[]>> }
  | {
      readonly kind: 'await'
      readonly event: string
      readonly within: string
      readonly otherwise: 'compensate' | 'continue'
    }
  | { readonly kind: 'ask'; readonly within: string; readonly otherwise: 'compensate' | 'continue' }
  | { readonly kind: 'sleep'; readonly for: string | null }
  | { readonly kind: 'child'; readonly saga: string; readonly compensatesWith: string | null }
)

export interface BoardReadModel extends BoardListener {
  readonly columns: readonly ColumnDescription[]
  /** Keeps every version of each row. */
  readonly history: boolean
}

export interface BoardListener extends DescribedPart {
  readonly name: string
  readonly on: readonly string[]
}
