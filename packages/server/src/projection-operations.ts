// What the OpenAPI document says about the routes of projections.
import type { Projection } from 'indelible'
import type { JsonSchema } from 'indelible/schema'
import { positionHeader } from './answers.ts'
import { headSchema, projectionSchemas } from './projection-schemas.ts'
import { type Operation, schemaRef } from './route.ts'

export const listOperation: Operation = {
  path: '/projections',
  tag: 'projections',
  summary: 'How far every projection is',
  answers: {
    200: {
      description: 'The end of the log, and all that are declared.',
      schema: objectOf({ head: headSchema, projections: { type: 'array', items: schemaRef('Projection') } }),
      headers: [positionHeader],
    },
  },
  problems: [],
  schemas: projectionSchemas,
}

export function showOperation({ name }: Projection): Operation {
  return {
    path: `/projections/${name}`,
    tag: 'projections',
    summary: `How far ${name} is`,
    answers: {
      200: {
        description: 'Its state here, and what the database says.',
        schema: schemaRef('Projection'),
        headers: [positionHeader],
      },
    },
    problems: [404],
    schemas: projectionSchemas,
  }
}

export function rebuildOperation({ name }: Projection): Operation {
  return {
    path: `/projections/${name}/rebuild`,
    tag: 'projections',
    summary: `Build the table ${name} anew and put it in place`,
    description:
      'Beside the table that readers see, checked against a second fold of the log, and put in its place in one step. ' +
      `Answered when that is done; meanwhile GET /projections/${name} says how far it is. It goes on when the client goes away.`,
    answers: {
      200: {
        description: 'The new table is in place.',
        schema: objectOf({
          name: { const: name },
          rows: { type: 'integer', description: 'When it was checked.' },
          contentHash: { type: 'string', description: 'Of those rows: the same rows have the same, in any order.' },
          checkedPosition: { type: 'integer', description: 'Up to here it was checked.' },
          position: { type: 'integer', description: "Up to here it was when it took the other's place." },
          ms: { type: 'number' },
          previousTable: { type: ['string', 'null'], description: 'The table that was replaced, where it is kept.' },
        }),
        headers: [positionHeader],
      },
    },
    problems: [400, 404, 409],
  }
}

export function verifyOperation({ name, table }: Projection): Operation {
  const row: JsonSchema = { type: ['object', 'null'] }
  return {
    path: `/projections/${name}/verify`,
    tag: 'projections',
    summary: `Compare the table ${name} with what the log makes`,
    description: 'The projection goes on meanwhile. It ends when the client goes away.',
    answers: {
      200: {
        description: 'How many rows differ, and the first of them.',
        schema: objectOf({
          name: { const: name },
          rows: { type: 'integer', description: 'That the table has.' },
          position: { type: 'integer', description: 'The checkpoint that the comparison is for.' },
          differing: { type: 'integer' },
          differences: {
            type: 'array',
            items: objectOf({
              key: { type: 'object', required: table.key },
              table: { ...row, description: 'What the table has.' },
              log: { ...row, description: 'What the log makes.' },
            }),
          },
        }),
        headers: [positionHeader],
      },
    },
    problems: [404, 409],
  }
}

function objectOf(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', required: Object.keys(properties), properties }
}
