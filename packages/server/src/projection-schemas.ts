// What an operator is told of a projection, as JSON Schema.
import type { ConsumerState, ProjectionView } from 'indelible'
import type { JsonSchema } from 'indelible/schema'
import { schemaRef } from './route.ts'

/** Every state that a projection can be in inside a process, and what it means. */
const stateMeanings: Readonly<Record<ConsumerState, string>> = {
  starting: 'has not looked yet',
  standby: 'another process runs it',
  rebuilding: 'its table is being built anew, because its code changed; readers see the one before',
  running: 'in step or catching up',
  retrying: 'the database or the log does not answer; it goes on by itself',
  parked: 'a handler failed at an event; it goes on when the code is mended and it is resumed',
  paused: 'an operator wants it to stand still',
  diverged: 'its table was made from another history than that of the log; it is being built anew by itself',
  stopped: 'the system was closed',
}
export const projectionStates = Object.keys(stateMeanings) as readonly ConsumerState[]

const tableStateMeanings: Readonly<Record<ProjectionView['state'], string>> = {
  missing: 'there is none yet',
  outdated: 'other code filled it',
  diverged: 'it was made from another history than that of the log',
  parked: 'its projection is parked',
  paused: 'its projection is to stand still',
  running: 'a process runs its projection',
  idle: 'none does',
}

const statusSchema: JsonSchema = {
  description: 'A projection as this process knows it.',
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
    position: { type: 'integer', description: 'Everything up to here is in the table.' },
    lagEvents: { type: 'integer', description: 'Events that the log has beyond that.' },
    staleness: {
      type: 'object',
      required: ['targetMs', 'lagMs', 'p50Ms', 'p99Ms'],
      properties: {
        targetMs: { type: 'number' },
        lagMs: { type: 'number', description: 'How old the oldest event is that is not in the table yet.' },
        p50Ms: { type: ['number', 'null'], description: 'Half of the last minute became visible within this.' },
        p99Ms: { type: ['number', 'null'], description: '99 of 100 did.' },
      },
    },
    holder: { type: ['string', 'null'], description: 'Who runs it.' },
    rebuild: {
      description: 'How far this process is with building the table anew; null where it is not.',
      type: ['object', 'null'],
      properties: {
        phase: { enum: ['folding', 'writing', 'verifying', 'catching up', 'replacing'] },
        done: { type: 'integer', description: 'Positions of the log that the phase has come through.' },
        total: { type: 'integer' },
        startedAt: { type: 'string', format: 'date-time' },
      },
    },
    error: { type: 'object', description: 'Why it is parked or retrying, and at which event.' },
  },
}

const tableStateSchema: JsonSchema = {
  type: ['object', 'null'],
  properties: { fingerprint: { type: 'string' }, position: { type: 'integer' } },
}

const projectionSchema: JsonSchema = {
  description: 'A projection as this process knows it, and its table as the database does.',
  allOf: [
    schemaRef('ProjectionStatus'),
    {
      required: ['table'],
      properties: {
        table: {
          description: 'What the database says; null where it does not answer.',
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
              description: 'Event, row and error that the projection is parked at.',
            },
            next: {
              ...tableStateSchema,
              description: 'The table that is being built, or was when that was interrupted.',
            },
            former: { ...tableStateSchema, description: 'The table that was replaced and is kept.' },
          },
        },
      },
    },
  ],
}

/** What operations that show projections refer to. */
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
