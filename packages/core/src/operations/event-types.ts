// The event types of a log: those in its registry, those that the code declares, and those that it has events of.
import type { JsonSchema } from '../schema/json-schema.ts'
import { eventSchemaOf } from '../schema/registry/event-schema.ts'
import {
  type EventTypeListed,
  type EventTypeShown,
  eventTypeStatuses,
  knownEventType,
  knownEventTypes,
} from '../schema/registry/known-types.ts'
import { countVersions, type VersionCounts } from '../schema/registry/version-counts.ts'
import { instantSchema, meaningsOf, objectOf } from './json-schemas.ts'
import { versionEventsMax } from './limits.ts'
import { operation } from './operation.ts'
import { flag, required, text, wholeNumber } from './parameters.ts'

export const listEventTypes = operation({
  name: 'listEventTypes',
  effect: 'reads',
  needs: () => ({ verb: 'any' }),
  parameters: {},
  describe: () => [
    {
      group: 'event types',
      summary: 'All event types, with how often and when each was recorded',
      description: 'Also those that the code does not declare any more, or never did.',
      result: {
        description: 'The event types by name.',
        schema: objectOf({ eventTypes: { type: 'array', items: listedSchema } }),
      },
    },
  ],
  async run({ store, system }): Promise<EventTypeList> {
    return { eventTypes: await knownEventTypes({ store, system }) }
  },
})

export interface EventTypeList {
  readonly eventTypes: readonly EventTypeListed[]
}

const type = required(text({ description: 'The name of the event type.' }))

/** Everything that is known of an event type. */
export interface EventTypeInLog extends EventTypeShown {
  /** Null where it was not asked for. */
  readonly counted: VersionCounts | null
}

export const showEventType = operation({
  name: 'showEventType',
  effect: 'reads',
  heavy: ['countVersions'],
  needs: () => ({ verb: 'any' }),
  parameters: {
    type,
    countVersions: flag({
      description: `Whether to count the events of each version. They are read for it, at most ${versionEventsMax}.`,
    }),
  },
  refusals: ['unknown_event_type'],
  describe: () => [
    {
      group: 'event types',
      summary: 'An event type: its versions, who emits it, who handles it, and what is in the log',
      result: { description: 'Everything that is known of it.', schema: shownSchema },
    },
  ],
  async run({ store, system }, { type, countVersions: isCounted = false }): Promise<EventTypeInLog> {
    const shown = await knownEventType({ store, system }, type)
    return { ...shown, counted: isCounted ? await countVersions(store, type, { max: versionEventsMax }) : null }
  },
})

export const eventSchema = operation({
  name: 'eventSchema',
  effect: 'reads',
  needs: () => ({ verb: 'any' }),
  parameters: { type, version: wholeNumber({ min: 1, description: 'The version; the newest when left out.' }) },
  refusals: ['unknown_event_type'],
  recordsPrincipal: false,
  describe: () => [
    {
      group: 'event types',
      summary: 'The JSON Schema of the data of an event type',
      result: { description: 'A JSON Schema (draft 2020-12) with an $id of its own.', schema: { type: 'object' } },
    },
  ],
  run: async ({ store, system }, { type, version }): Promise<JsonSchema> =>
    eventSchemaOf(await knownEventType({ store, system }, type), version),
})

const anyText: JsonSchema = { type: 'string' }
const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] })
const texts: JsonSchema = { type: 'array', items: anyText }
const seenSchema = objectOf({ position: { type: 'integer' }, recordedAt: instantSchema })
const seen = orNull(seenSchema)

const listed = {
  type: anyText,
  status: {
    enum: eventTypeStatuses,
    description: meaningsOf({
      registered: 'in the registry of the log as the code declares it',
      changed: 'the code declares it otherwise',
      new: 'the registry does not have it yet',
      former: 'the code sees its events as those of another type',
      retired: 'the code does not declare it any more',
      unknown: 'the log has events of it, and nobody registered it',
    }),
  },
  version: { type: ['integer', 'null'] },
  description: { type: ['string', 'null'] },
  owners: { ...texts, description: 'The aggregates that it belongs to.' },
  personal: { ...texts, description: 'The paths of personal members.' },
  count: { type: 'integer', description: 'The events of this type in the log.' },
  first: seen,
  last: seen,
}
const listedSchema: JsonSchema = objectOf(listed)
const shownSchema: JsonSchema = objectOf({
  ...listed,
  declared: { type: ['object', 'null'], description: 'The description in full, as the code or the registry has it.' },
  differences: { ...texts, description: 'The parts of it in which code and registry differ.' },
  system: { type: ['string', 'null'] },
  versions: {
    type: 'array',
    items: objectOf({ version: { type: 'integer' }, schema: { type: 'object' }, registeredAt: orNull(instantSchema) }),
  },
  counted: orNull(
    objectOf({
      counts: {
        type: 'array',
        items: objectOf({
          version: { type: 'integer' },
          count: { type: 'integer' },
          first: seenSchema,
          last: seenSchema,
        }),
      },
      isComplete: { type: 'boolean', description: 'False where there are more events than are read.' },
    }),
  ),
})
