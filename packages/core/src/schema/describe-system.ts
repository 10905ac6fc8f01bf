// Describes a declared system as JSON. API, documents, permissions and console are made from it, without running code of the domain.
import type { AnyActivityType } from '../kernel/activities.ts'
import type { AnyCommandType } from '../kernel/commands.ts'
import type { AnyEventType } from '../kernel/event-types.ts'
import type { Projection } from '../kernel/projections.ts'
import { textOfCall } from '../kernel/service-calls.ts'
import type { System } from '../kernel/system.ts'
import { nameOf } from './command-name.ts'
import { describeEvent } from './describe-event.ts'
import { describeSaga } from './describe-saga.ts'
import { type JsonSchema, jsonSchemaOf, ownDescription } from './json-schema.ts'
import type {
  ActivityDescription,
  CommandDescription,
  ProjectionDescription,
  ReactionDescription,
  SystemDescription,
} from './system-description.ts'

export function describeSystem(system: System): SystemDescription {
  const { name, events, aggregates, decisionModels, commands, projections, sagas, reactions, subscriptions } = system
  return {
    name,
    description: system.description ?? null,
    events: events.map((event) => describeEvent(system, event)),
    aggregates: aggregates.map((aggregate) => ({
      category: aggregate.category,
      version: aggregate.version,
      description: aggregate.description ?? null,
      events: typesOf(aggregate.events),
      commands: commands.filter((command) => command.aggregate === aggregate).map(({ type }) => type),
      unique: aggregate.unique,
    })),
    decisionModels: decisionModels.map((model) => ({
      name: model.name,
      description: model.description ?? null,
      tags: model.tags,
      events: typesOf(model.events),
    })),
    commands: commands.map(describeCommand),
    projections: projections.map(describeProjection),
    sagas: sagas.map(describeSaga),
    policies: system.policies.map(({ name, description = null, from, onRefused, events, sends }) => ({
      name,
      description,
      from,
      onRefused,
      on: typesOf(events),
      sends: sends.map(nameOf),
    })),
    reactions: reactions.map(describeReaction),
    subscriptions: subscriptions.map(describeReaction),
    remotes: system.remotes.map(({ name, description = null, from, commands, events }) => ({
      name,
      description,
      from,
      commands: Object.values(commands).map(describeCommand),
      events: typesOf(Object.values(events)),
    })),
    activities: system.activities.map(describeActivity),
  }
}

function describeCommand(command: AnyCommandType): CommandDescription {
  const { aggregate, emits, refuses, visibility, consults } = command
  const input = jsonSchemaOf(command.input, 'input')
  return {
    ...nameOf(command),
    aggregate: aggregate?.category ?? null,
    description: command.description ?? ownDescription(input),
    input,
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

function describeProjection(projection: Projection): ProjectionDescription {
  const {
    name,
    version,
    description = null,
    staleness,
    declaresStaleness,
    inline,
    table,
    events,
    handlers,
  } = projection
  return {
    name,
    version,
    description,
    stalenessTargetMs: staleness.targetMs,
    declaresStaleness,
    inline,
    columns: Object.entries(table.columns).map(([column, { type, isKey, isNullable, isIndexed }]) => ({
      name: column,
      type,
      isKey,
      isNullable,
      isIndexed,
    })),
    key: table.key,
    history: table.history ?? false,
    on: events.map(({ type }, index) => ({ event: type, row: handlers[index]!.row })),
  }
}

function describeReaction(
  declared: System['reactions'][number] | System['subscriptions'][number],
): ReactionDescription {
  const { name, description = null, from, retries, timeoutMs, events } = declared
  return { name, description, from, retries, timeoutMs, on: typesOf(events) }
}

function typesOf(events: readonly AnyEventType[]): readonly string[] {
  return events.map(({ type }) => type)
}
