// `GET /health`: how far everything is. Degraded is answered with 503, so that a load balancer understands it without reading on.
import type { RunningSystem } from 'indelible'
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
      const isDegraded = [...health.projections, ...health.sagas].some(({ state }) => troubled.has(state))
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
          'A single saga that waits for help is named, but degrades nothing.',
        answers: {
          200: { description: 'Everything runs.', schema: healthSchema, headers: [positionHeader] },
          503: { description: 'Something is parked or retrying.', schema: healthSchema, headers: [positionHeader] },
        },
        problems: [],
        schemas: projectionSchemas,
      },
    ],
  }
}

const healthSchema = {
  type: 'object',
  required: ['status', 'head', 'projections', 'sagas'],
  properties: {
    status: { enum: ['ok', 'degraded'] },
    head: headSchema,
    projections: { type: 'array', items: schemaRef('ProjectionStatus') },
    sagas: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'state', 'position', 'active', 'waitingForHelp'],
        properties: {
          name: { type: 'string' },
          state: { enum: ['starting', 'running', 'retrying', 'stopped'] },
          position: { type: 'integer' },
          active: { type: 'integer' },
          waitingForHelp: { type: 'array', items: { type: 'object' } },
          error: { type: 'string' },
        },
      },
    },
  },
}
