// The schemas of what an operator sees of a projection and of its table.
import type { ConsumerState } from '../runtime/consumers/status.ts'
import type { ProjectionView } from '../runtime/projections/view.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { instantSchema, meaningsOf, objectOf, ref } from './json-schemas.ts'

/** Every state that a projection can have inside a process, with its meaning. */
const stateMeanings: Readonly<Record<ConsumerState, string>> = {
  starting: 'has not looked yet',
  standby: 'another process runs it',
  rebuilding: 'its table is being rebuilt because its code changed; readers use the old table',
  running: 'up to date or catching up',
  retrying: 'the database or the log does not answer; the projection continues by itself',
  parked: 'a handler failed for an event; fix the code, then resume the projection',
  paused: 'an operator paused it',
  diverged: 'its table was built from another history than that of the log; it is rebuilt automatically',
  stopped: 'the system was closed',
}

const projectionStates = Object.keys(stateMeanings) as readonly ConsumerState[]

const tableStateMeanings: Readonly<Record<ProjectionView['state'], string>> = {
  missing: 'the table does not exist yet',
  outdated: 'other code filled it',
  diverged: 'it was built from another history than that of the log',
  parked: 'its projection is parked',
  paused: 'its projection is paused',
  running: 'a process runs its projection',
  idle: 'no process runs its projection',
}

const statusProperties = {
  name: { type: 'string' },
  kind: { const: 'projection' },
  version: { type: 'integer', description: 'The declared version.' },
  fingerprint: {
    type: 'string',
    description: 'Identifies what the rows mean: version, columns and the versions of the events.',
  },
  state: { enum: projectionStates, description: meaningsOf(stateMeanings) },
  position: { type: 'integer', description: 'The table contains all events up to this position.' },
  lagEvents: { type: 'integer', description: 'The number of events in the log after that position.' },
  staleness: objectOf({
    targetMs: { type: 'number' },
    lagMs: { type: 'number', description: 'The age of the oldest event that is not in the table yet.' },
    p50Ms: visibleWithin(50),
    p99Ms: visibleWithin(99),
  }),
  holder: { type: ['string', 'null'], description: 'The process that runs the projection.' },
  rebuild: {
    description: 'The progress of a rebuild in this process; null if there is none.',
    type: ['object', 'null'],
    properties: {
      phase: { enum: ['folding', 'writing', 'verifying', 'catching up', 'replacing'] },
      done: { type: 'integer', description: 'The positions of the log that the phase has processed.' },
      total: { type: 'integer' },
      startedAt: instantSchema,
    },
  },
}

const statusSchema: JsonSchema = {
  description: 'The state of a projection in this process.',
  type: 'object',
  required: Object.keys(statusProperties),
  properties: {
    ...statusProperties,
    error: { type: 'object', description: 'Why the projection is parked or retrying, and at which event.' },
  },
}

function visibleWithin(percent: number): JsonSchema {
  return {
    type: ['number', 'null'],
    description: `${percent}% of the events of the last minute became visible within this time.`,
  }
}

const otherTableSchema: JsonSchema = {
  type: ['object', 'null'],
  properties: { fingerprint: { type: 'string' }, position: { type: 'integer' } },
}

const tableSchema: JsonSchema = {
  description: 'The table according to the database; null if the database does not answer.',
  type: ['object', 'null'],
  properties: {
    state: { enum: Object.keys(tableStateMeanings), description: meaningsOf(tableStateMeanings) },
    fingerprint: {
      type: ['string', 'null'],
      description: 'The fingerprint of the existing table; null if there is none yet.',
    },
    position: { type: 'integer' },
    updatedAt: { type: ['string', 'null'], format: 'date-time' },
    parked: {
      type: ['object', 'null'],
      description: 'The event, the row and the error at which the projection is parked.',
    },
    staging: { ...otherTableSchema, description: 'The table of a rebuild that is running or was interrupted.' },
    previous: { ...otherTableSchema, description: 'The replaced table, which is kept.' },
  },
}

export const projectionDefinitions: Readonly<Record<string, JsonSchema>> = {
  ProjectionStatus: statusSchema,
  Projection: {
    description: 'The state of a projection in this process, and of its table in the database.',
    allOf: [ref('ProjectionStatus'), objectOf({ table: tableSchema })],
  },
}
