// What an operator is told of a projection, as JSON Schema.
import type { ConsumerState, ProjectionView } from 'indelible'
import type { JsonSchema } from 'indelible/schema'
import { schemaRef } from './route.ts'

/** Every state that a projection can be in inside a process, and what it means. */
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
export const projectionStates = Object.keys(stateMeanings) as readonly ConsumerState[]

const tableStateMeanings: Readonly<Record<ProjectionView['state'], string>> = {
  missing: 'the table does not exist yet',
  outdated: 'other code filled it',
  diverged: 'it was built from another history than that of the log',
  parked: 'its projection is parked',
  paused: 'its projection is paused',
  running: 'a process runs its projection',
  idle: 'no process runs its projection',
}

const statusSchema: JsonSchema = {
  description: 'The state of a projection in this process.',
  type: 'object',
  required: [
    'name',
    'kind',
    'version',
    'fingerprint',
    'state',
    'position',
    'lagEvents',
    'staleness',
    'holder',
    'rebuild',
  ],
  properties: {
    name: { type: 'string' },
    kind: { const: 'projection' },
    version: { type: 'integer', description: 'As declared.' },
    fingerprint: {
      type: 'string',
      description: 'Of what its rows stand for: version, columns and the versions of its events.',
    },
    state: { enum: projectionStates, description: meaningsOf(stateMeanings) },
    position: { type: 'integer', description: 'The table contains all events up to this position.' },
    lagEvents: { type: 'integer', description: 'The number of events in the log after that position.' },
    staleness: {
      type: 'object',
      required: ['targetMs', 'lagMs', 'p50Ms', 'p99Ms'],
      properties: {
        targetMs: { type: 'number' },
        lagMs: { type: 'number', description: 'The age of the oldest event that is not in the table yet.' },
        p50Ms: {
          type: ['number', 'null'],
          description: '50% of the events of the last minute became visible within this time.',
        },
        p99Ms: {
          type: ['number', 'null'],
          description: '99% of the events of the last minute became visible within this time.',
        },
      },
    },
    holder: { type: ['string', 'null'], description: 'The process that runs the projection.' },
    rebuild: {
      description: 'The progress of a rebuild in this process; null if there is none.',
      type: ['object', 'null'],
      properties: {
        phase: { enum: ['folding', 'writing', 'verifying', 'catching up', 'replacing'] },
        done: { type: 'integer', description: 'The positions of the log that the phase has processed.' },
        total: { type: 'integer' },
        startedAt: { type: 'string', format: 'date-time' },
      },
    },
    error: { type: 'object', description: 'Why the projection is parked or retrying, and at which event.' },
  },
}

const tableStateSchema: JsonSchema = {
  type: ['object', 'null'],
  properties: { fingerprint: { type: 'string' }, position: { type: 'integer' } },
}

const projectionSchema: JsonSchema = {
  description: 'The state of a projection in this process, and of its table in the database.',
  allOf: [
    schemaRef('ProjectionStatus'),
    {
      required: ['table'],
      properties: {
        table: {
          description: 'The table according to the database; null if the database does not answer.',
          type: ['object', 'null'],
          properties: {
            state: { enum: Object.keys(tableStateMeanings), description: meaningsOf(tableStateMeanings) },
            fingerprint: {
              type: ['string', 'null'],
              description: 'Of the table that is there; null where there is none yet.',
            },
            position: { type: 'integer' },
            updatedAt: { type: ['string', 'null'], format: 'date-time' },
            parked: {
              type: ['object', 'null'],
              description: 'The event, the row and the error at which the projection is parked.',
            },
            staging: {
              ...tableStateSchema,
              description: 'The table of a rebuild that is running or was interrupted.',
            },
            previous: { ...tableStateSchema, description: 'The replaced table, which is kept.' },
          },
        },
      },
    },
  ],
}

/** The schemas for operations that return projections. */
export const projectionSchemas = { Projection: projectionSchema, ProjectionStatus: statusSchema }

export const headSchema: JsonSchema = {
  description: 'The last event of the log.',
  type: 'object',
  required: ['position', 'recordedAt'],
  properties: { position: { type: 'integer' }, recordedAt: { type: ['string', 'null'], format: 'date-time' } },
}

function meaningsOf(meanings: Readonly<Record<string, string>>): string {
  return Object.entries(meanings)
    .map(([state, meaning]) => `${state}: ${meaning}.`)
    .join(' ')
}
