// `GET /health`: the state of the whole system. The status is 503 if it is degraded, so that a load balancer does not have to read the body.
import type { Health, RunningSystem } from 'indelible'
import { json, positionHeader } from './answers.ts'
import { consumerSchemas, isTroubled } from './consumers.ts'
import { headSchema } from './projection-schemas.ts'
import { type Route, schemaRef } from './route.ts'

export function healthRoute(running: RunningSystem): Route {
  return {
    method: 'GET',
    path: '/health',
    parameters: [],
    async handle() {
      const health = await running.health()
      const isDegraded = health.consumers.some(isTroubled) || !mayWrite(health)
      const body = { status: isDegraded ? 'degraded' : 'ok', ...health }
      const headers = { [positionHeader]: String(health.head.position) }
      return json(body, { status: isDegraded ? 503 : 200, headers })
    },
    operations: [
      {
        path: '/health',
        tag: 'system',
        summary: 'The state of the log and of everything that follows it',
        description:
          'Degraded while a projection, saga, reaction or subscription is parked, retrying or diverged. Not degraded while one is paused, or the table of a projection is rebuilt. ' +
          'A single saga that needs intervention and a single event that a reaction parked are listed, but the system is not degraded. ' +
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
        schemas: consumerSchemas,
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
  required: ['status', 'head', 'store', 'consumers'],
  properties: {
    status: { enum: ['ok', 'degraded'] },
    head: headSchema,
    store: storeSchema,
    consumers: { type: 'array', items: schemaRef('ConsumerStatus') },
  },
}
