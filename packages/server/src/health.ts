// `GET /health`: the state of the whole system. The status is 503 if it is degraded, so that a load balancer does not have to read the body.
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
        summary: 'The state of the log, the projections and the sagas',
        description:
          'Degraded while a projection is parked, retrying or diverged, or a saga driver is retrying. Not degraded while a projection is paused, or its table is rebuilt because its code changed. ' +
          'A saga that waits for help is listed, but the system is not degraded. ' +
          'Degraded too while the store cannot write, unless it was opened read-only. If the fault may be temporary, each request to this route tries again to write.',
        answers: {
          200: { description: 'Everything works.', schema: healthSchema, headers: [positionHeader] },
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

/** A store that was opened read-only is not degraded. */
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
      description: 'Why the store cannot write.',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' } },
    },
    since: { type: 'string', format: 'date-time', description: 'When the store first refused an append.' },
    refusedAppends: {
      type: 'object',
      description: 'The number of appends that failed because of a fault since the store was opened, by error code.',
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
          active: { type: 'integer', description: 'The number of sagas that have not ended.' },
          waiting: {
            type: 'integer',
            description: 'The number of these sagas that wait to retry after a temporary fault.',
          },
          needsIntervention: {
            type: 'array',
            description: 'Sagas that cannot continue until a person resumes them or fixes the code.',
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
