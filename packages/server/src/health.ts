// `GET /health`: how far everything is. Degraded is answered with 503, so that a load balancer understands it without reading on.
import type { RunningSystem } from 'indelible'
import { json, positionHeader } from './answers.ts'
import type { Route } from './route.ts'

const troubled: ReadonlySet<string> = new Set(['parked', 'retrying', 'stopped'])

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
          'Degraded while a read table or the driver of a saga is parked or retrying. ' +
          'A single saga that waits for help is named, but degrades nothing.',
        answers: {
          200: { description: 'Everything runs.', schema: healthSchema, headers: [positionHeader] },
          503: { description: 'Something is parked or retrying.', schema: healthSchema, headers: [positionHeader] },
        },
        problems: [],
      },
    ],
  }
}

const healthSchema = {
  type: 'object',
  required: ['status', 'head', 'projections', 'sagas'],
  properties: {
    status: { enum: ['ok', 'degraded'] },
    head: {
      type: 'object',
      required: ['position', 'recordedAt'],
      properties: { position: { type: 'integer' }, recordedAt: { type: ['string', 'null'], format: 'date-time' } },
    },
    projections: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'state', 'position', 'lagEvents', 'staleness'],
        properties: {
          name: { type: 'string' },
          state: { enum: ['starting', 'running', 'retrying', 'parked', 'stopped'] },
          position: { type: 'integer' },
          lagEvents: { type: 'integer' },
          staleness: { type: 'object' },
          error: { type: 'object', description: 'Why it is parked or retrying, and at which event.' },
        },
      },
    },
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
