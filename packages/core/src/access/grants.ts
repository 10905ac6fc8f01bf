// Who may do what, as data. What no grant allows is refused.

/** Access of a system: without it, whoever reaches the system may do everything. */
export interface AccessOptions {
  /** Where several fit, the first one decides what is seen: put those that show more before those that show less. */
  readonly grants: readonly Grant[]
}

/** Something that a role, or one principal, may do. */
export type Grant = Whom & Allowed & Where

/**
 * Where it may do so, in a system with tenants; each grant says it there. `*` is every tenant, and what belongs to none: API keys, the list of tenants, metrics of
 * the whole server. Others are names, the beginning of names, or what an attribute of the principal says: `tenants: { attribute: 'tenant' }`.
 */
export interface Where {
  readonly tenants?: TenantsAllowed
}

export type TenantsAllowed = '*' | readonly string[] | { readonly attribute: string } | { readonly startsWith: string }

/** Everyone with a role, one by the name that is recorded as the actor, or everyone whom the transport knows. */
export type Whom =
  | { readonly role: string; readonly principal?: never; readonly anyone?: never }
  | { readonly principal: string; readonly role?: never; readonly anyone?: never }
  | { readonly anyone: true; readonly role?: never; readonly principal?: never }

export type Allowed =
  | SendGrant
  | StreamsGrant
  | EventsGrant
  | TablesGrant
  | SagasGrant
  | DecideGrant
  | { readonly may: PlainVerb }

/**
 * `operate`: see and control projections, consumers, sagas, schedules and metrics. `audit`: see the audit trail, proofs, decisions that are made again and
 * what-ifs, with all data, also personal ones. `claim`: claim the id of a command that got no answer, as another system does. `administer`: issue and revoke
 * API keys, and exchange the key that signs checkpoints. `everything`: all of it, and all that can be read, with all data.
 */
export type PlainVerb = (typeof plainVerbs)[number]

export const plainVerbs = ['operate', 'audit', 'claim', 'administer', 'everything'] as const

/** Send commands, at once or later: `{ role: 'customer', may: 'send', commands: ['account.WithdrawFunds'], where: { id: { attribute: 'account' } } }`. */
export interface SendGrant {
  readonly may: 'send'
  /** `account.WithdrawFunds`, `account.*` or `*`. */
  readonly commands: readonly string[]
  /** Of the `id` of the aggregate, and of members of the input: `'input.amount'`. */
  readonly where?: Conditions
}

/** Read streams of a category: their events, and the states of aggregates. */
export interface StreamsGrant extends EventParts {
  readonly may: 'read'
  /** Categories, such as `account`, or `*`. */
  readonly streams: readonly string[]
  /** Of the `id` of the stream. */
  readonly where?: Conditions
  /**
   * Only these members of states. States of aggregates whose events have personal data are not shown without this or `personal: true`: nobody knows which
   * members of a state were made from them.
   */
  readonly states?: readonly string[]
}

/** Read events of some types, in whichever stream they are. */
export interface EventsGrant extends EventParts {
  readonly may: 'read'
  readonly events: readonly string[]
  /** Of the `id` of the stream, and of members of the data: `'data.country'`. */
  readonly where?: Conditions
}

interface EventParts {
  /** Whether personal members of events are shown, and with them the recorded commands, free metadata and tags. The default is false: they are left out. */
  readonly personal?: boolean
  /** Members that are left out besides, by their paths: `['limits.daily']`. */
  readonly except?: readonly string[]
}

/** Read tables: `{ role: 'customer', may: 'read', tables: ['account_balances'], where: { account_id: { attribute: 'account' } } }`. */
export interface TablesGrant {
  readonly may: 'read'
  readonly tables: readonly string[]
  /** Of the columns. Other rows are as if they were not there. */
  readonly where?: Conditions
  /** Only these columns. The key must be among them. */
  readonly columns?: readonly string[]
}

/** See instances of sagas, and their stories with all data. */
export interface SagasGrant {
  readonly may: 'read'
  readonly sagas: readonly string[]
  /** Of the `id` of the instance. */
  readonly where?: Conditions
}

/** Answer the questions that sagas ask people. */
export interface DecideGrant {
  readonly may: 'decide'
  readonly sagas: readonly string[]
  readonly where?: Conditions
}

/** All of them must hold. */
export type Conditions = Readonly<Record<string, Condition>>

/** A value, one of several, what an attribute of the principal says, or the beginning of a text. The attribute `actor` is the name of the principal. */
export type Condition = Scalar | readonly Scalar[] | { readonly attribute: string } | { readonly startsWith: string }

export type Scalar = string | number | boolean
