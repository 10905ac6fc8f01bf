// `GET /health`: how far everything is. Degraded is answered with 503, so that a load balancer understands it without reading on.
import type { Health, RunningSystem } from 'indelible'
import { json, positionHeader } from './answers.ts'
import { headSchema, projectionSchemas } from './projection-schemas.ts'
import { type Route, schemaRef } from './route.ts'

const troubled: ReadonlySet<string> = new Set(['parked', 'retrying', 'diverged', 'stopped'])

export function healthRoute(running: RunningSystem): Route {
  return {
    method: 'GET',
    path: '/health',
    parameters: [],
    async handle() {
      const health = await running.health()
      const isTroubled = health.consumers.some(({ state }) => troubled.has(state))
      const isDegraded = isTroubled || !mayWrite(health)
      const body = { status: isDegraded ? 'degraded' : 'ok', ...health }
      const headers = { [positionHeader]: String(health.head.position) }
      return json(body, { status: isDegraded ? 503 : 200, headers })
    },
    operations: [
      {
        path: '/health',
        tag: 'system',
        summary: 'How far the log, the read tables and the sagas are',
        description:
          'Degraded while a projection is parked, retrying or diverged, or the driver of a saga is retrying. A projection that is paused, or whose table is being built anew because its code changed, is not. ' +
          'A single saga that waits for help is named, but degrades nothing. ' +
          'Degraded too while the store cannot write, unless it was opened for reading only; where the fault may pass, each question tries whether it has.',
        answers: {
          200: { description: 'Everything runs.', schema: healthSchema, headers: [positionHeader] },
          503: {
            description: 'The store cannot write, or something is parked or retrying.',
            schema: healthSchema,
            headers: [positionHeader],
          },
        },
        problems: [],
        schemas: projectionSchemas,
      },
    ],
  }
}

/** Whoever opened a store for reading only wants nothing else of it. */
function mayWrite({ store }: Health): boolean {
  return store.canWrite || store.error.code === 'store_read_only'
}

const storeSchema = {
  type: 'object',
  required: ['canWrite', 'refusedAppends'],
  properties: {
    canWrite: { type: 'boolean' },
    error: {
      type: 'object',
      description: 'Why it cannot write.',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' } },
    },
    since: { type: 'string', format: 'date-time', description: 'When an append was first refused.' },
    refusedAppends: {
      type: 'object',
      description: 'How many appends a fault refused since the store was opened, by its code.',
      additionalProperties: { type: 'integer' },
    },
  },
}

const healthSchema = {
  type: 'object',
  required: ['status', 'head', 'store', 'projections', 'sagas'],
  properties: {
    status: { enum: ['ok', 'degraded'] },
    head: headSchema,
    store: storeSchema,
    projections: { type: 'array', items: schemaRef('ProjectionStatus') },
    sagas: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'state', 'position', 'active', 'waiting', 'needsIntervention'],
        properties: {
          name: { type: 'string' },
          state: { enum: ['starting', 'running', 'retrying', 'stopped'] },
          position: { type: 'integer' },
          active: { type: 'integer', description: 'Sagas under way.' },
          waiting: {
            type: 'integer',
            description: 'Those of them that met a fault that may pass and wait to try again.',
          },
          needsIntervention: {
            type: 'array',
            description: 'Sagas that cannot go on until somebody resumes them or mends the code.',
            items: {
              type: 'object',
              required: ['sagaId', 'problem'],
              properties: { sagaId: { type: 'string' }, problem: { type: 'string' } },
            },
          },
          error: { type: 'string' },
        },
      },
    },
  },
}
