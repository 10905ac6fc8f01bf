// Describes a declared system as JSON. API, documents, permissions and console are made from it, without running code of the domain.
import type { AnyActivityType } from '../kernel/activities.ts'
import type { AnyCommandType } from '../kernel/commands.ts'
import type { AnyEventType } from '../kernel/event-types.ts'
import type { Projection } from '../kernel/projections.ts'
import { textOfCall } from '../kernel/service-calls.ts'
import type { System } from '../kernel/system.ts'
import type { ColumnType } from '../kernel/tables.ts'
import { type CommandName, nameOf } from './command-name.ts'
import { describeEvent, type EventDescription } from './describe-event.ts'
import { describeSaga, type SagaDescription } from './describe-saga.ts'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'

export interface SystemDescription {
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

export interface AggregateDescription {
  readonly category: string
  readonly version: number
  readonly events: readonly string[]
  readonly commands: readonly string[]
  /** The members of the state whose values must be unique, each with the reason of the refusal. */
  readonly unique: Readonly<Record<string, string>>
}

export interface DecisionModelDescription {
  readonly name: string
  readonly tags: readonly string[]
  readonly events: readonly string[]
}

export interface CommandDescription extends CommandName {
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

export interface ProjectionDescription {
  readonly name: string
  readonly version: number
  readonly stalenessTargetMs: number
  readonly columns: readonly ColumnDescription[]
  readonly key: readonly string[]
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

export interface PolicyDescription {
  readonly name: string
  readonly from: 'now' | 'beginning'
  readonly onRefused: 'park' | 'ignore'
  readonly on: readonly string[]
  readonly sends: readonly CommandName[]
}

export interface ReactionDescription {
  readonly name: string
  readonly from: 'now' | 'beginning'
  readonly retries: number
  readonly timeoutMs: number
  readonly on: readonly string[]
}

/** Another system. */
export interface RemoteDescription {
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

export function describeSystem(system: System): SystemDescription {
  const { name, events, aggregates, decisionModels, commands, projections, sagas, reactions, subscriptions } = system
  return {
    name,
    events: events.map((event) => describeEvent(system, event)),
    aggregates: aggregates.map((aggregate) => ({
      category: aggregate.category,
      version: aggregate.version,
      events: typesOf(aggregate.events),
      commands: commands.filter((command) => command.aggregate === aggregate).map(({ type }) => type),
      unique: aggregate.unique,
    })),
    decisionModels: decisionModels.map((model) => ({
      name: model.name,
      tags: model.tags,
      events: typesOf(model.events),
    })),
    commands: commands.map(describeCommand),
    projections: projections.map(describeProjection),
    sagas: sagas.map(describeSaga),
    policies: system.policies.map(({ name, from, onRefused, events, sends }) => ({
      name,
      from,
      onRefused,
      on: typesOf(events),
      sends: sends.map(nameOf),
    })),
    reactions: reactions.map(describeReaction),
    subscriptions: subscriptions.map(describeReaction),
    remotes: system.remotes.map(({ name, from, commands, events }) => ({
      name,
      from,
      commands: Object.values(commands).map(describeCommand),
      events: typesOf(Object.values(events)),
    })),
    activities: system.activities.map(describeActivity),
  }
}

function describeCommand(command: AnyCommandType): CommandDescription {
  const { aggregate, input, emits, refuses, visibility, consults } = command
  return {
    ...nameOf(command),
    aggregate: aggregate?.category ?? null,
    input: jsonSchemaOf(input, 'input'),
    emits: typesOf(emits),
    refuses: [
      ...refuses.map(({ reason, details }) => ({ reason, details: details && jsonSchemaOf(details, 'output') })),
      ...Object.entries(aggregate?.unique ?? {}).map(([field, reason]) => ({ reason, details: takenSchema(field) })),
    ],
    visibility,
    consults: Object.entries(consults).map(([name, { model, members }]) => ({ name, model: model.name, members })),
  }
}

function describeActivity(declared: AnyActivityType): ActivityDescription {
  const { service, call, refusedBy, giveUp, givenUpBy } = declared.activity
  return {
    ...describeCommand(declared),
    service,
    call: textOfCall(call),
    refusedBy,
    giveUp: giveUp ? textOfCall(giveUp) : null,
    givenUpBy,
  }
}

/** The details of the refusal of a value that another aggregate has. */
function takenSchema(field: string): JsonSchema {
  const properties = { field: { const: field }, value: { type: ['string', 'number'] } }
  return { type: 'object', required: ['field', 'value'], properties }
}

function describeProjection({ name, version, staleness, table, events, handlers }: Projection): ProjectionDescription {
  return {
    name,
    version,
    stalenessTargetMs: staleness.targetMs,
    columns: Object.entries(table.columns).map(([column, { type, isKey, isNullable, isIndexed }]) => ({
      name: column,
      type,
      isKey,
      isNullable,
      isIndexed,
    })),
    key: table.key,
    on: events.map(({ type }, index) => ({ event: type, row: handlers[index]!.row })),
  }
}

function describeReaction(
  declared: System['reactions'][number] | System['subscriptions'][number],
): ReactionDescription {
  const { name, from, retries, timeoutMs, events } = declared
  return { name, from, retries, timeoutMs, on: typesOf(events) }
}

function typesOf(events: readonly AnyEventType[]): readonly string[] {
  return events.map(({ type }) => type)
}
