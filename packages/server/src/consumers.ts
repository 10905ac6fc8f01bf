// `/consumers`: everything that follows the log (projections, sagas, reactions, subscriptions), how far it is, and how to pause and resume it.
import type { Context } from 'hono'
import type { AnyConsumerStatus, ConsumerState, RunningSystem, System } from 'indelible'
import type { JsonSchema } from 'indelible/schema'
import { json, positionHeader } from './answers.ts'
import { actor } from './commands.ts'
import { given, read, text } from './parameters.ts'
import { headSchema, projectionSchemas } from './projection-schemas.ts'
import { type Operation, type Route, schemaRef } from './route.ts'

const name = text('name', { in: 'path', description: 'The name of the projection, saga, reaction or subscription.' })

export function consumerRoutes(running: RunningSystem): readonly Route[] {
  const { consumers, system } = running
  const names = consumerNames(system)
  return [
    {
      method: 'GET',
      path: '/consumers',
      parameters: [],
      async handle() {
        const [head, list] = await Promise.all([running.store.head(), consumers.list()])
        return json({ head, consumers: list }, { headers: { [positionHeader]: String(head.position) } })
      },
      operations: [listOperation],
    },
    {
      method: 'GET',
      path: '/consumers/{name}',
      parameters: [name],
      async handle(c) {
        const status = await consumers.show({ name: read(c, name)! })
        return json(status, { headers: { [positionHeader]: String(status.position) } })
      },
      operations: names.map(showOperation),
    },
    {
      method: 'POST',
      path: '/consumers/{name}/pause',
      parameters: [name, actor],
      handle: (c) => setPaused(c, true),
      operations: names.map((each) => pauseOperation(each, true)),
    },
    {
      method: 'POST',
      path: '/consumers/{name}/resume',
      parameters: [name, actor],
      handle: (c) => setPaused(c, false),
      operations: names.map((each) => pauseOperation(each, false)),
    },
  ]

  async function setPaused(c: Context, isPaused: boolean): Promise<Response> {
    const consumer = { name: read(c, name)! }
    const by = given({ actor: read(c, actor) })
    await (isPaused ? consumers.pause(consumer, by) : consumers.resume(consumer, by))
    return json({ ...consumer, isPaused })
  }
}

/** Whether an operator should look at a consumer. */
export function isTroubled({ state }: AnyConsumerStatus): boolean {
  const troubled: readonly ConsumerState[] = ['parked', 'retrying', 'diverged', 'stopped']
  return troubled.includes(state)
}

function consumerNames({ projections, sagas, reactions, subscriptions }: System): readonly string[] {
  return [...projections, ...sagas, ...reactions, ...subscriptions].map((each) => each.name)
}

const common = {
  name: { type: 'string' },
  state: { enum: ['starting', 'running', 'retrying', 'parked', 'paused', 'diverged', 'stopped'] },
  position: { type: 'integer', description: 'Everything up to here is handled, or parked.' },
  lagEvents: { type: 'integer', description: 'Events that the log has beyond that.' },
  error: { type: 'object', description: 'Why it does not go on.' },
}
const required = ['name', 'kind', 'state', 'position', 'lagEvents']

const sagaStatus: JsonSchema = {
  type: 'object',
  required: [...required, 'active', 'waiting', 'needsIntervention'],
  properties: {
    ...common,
    kind: { const: 'saga' },
    active: { type: 'integer', description: 'Sagas under way.' },
    waiting: { type: 'integer', description: 'Those of them that met a fault that may pass and wait to try again.' },
    needsIntervention: {
      type: 'array',
      description: 'Sagas that cannot go on until a person resumes them or mends the code.',
      items: {
        type: 'object',
        required: ['sagaId', 'problem'],
        properties: { sagaId: { type: 'string' }, problem: { type: 'string' } },
      },
    },
  },
}

const reactionStatus: JsonSchema = {
  type: 'object',
  required: [...required, 'parked'],
  properties: {
    ...common,
    kind: { enum: ['reaction', 'subscription'] },
    parked: {
      type: 'array',
      description: 'Events that its code could not handle. Later events of the same streams wait behind them.',
      items: {
        type: 'object',
        required: ['position', 'eventId', 'type', 'stream', 'message', 'at'],
        properties: {
          position: { type: 'integer' },
          eventId: { type: 'string' },
          type: { type: 'string' },
          stream: { type: 'string' },
          message: { type: 'string' },
          code: { type: 'string' },
          at: { type: 'string', format: 'date-time' },
        },
      },
    },
  },
}

/** What operations that show consumers refer to. */
export const consumerSchemas = {
  ...projectionSchemas,
  SagaStatus: sagaStatus,
  ReactionStatus: reactionStatus,
  ConsumerStatus: {
    description: 'Tell them apart by kind.',
    anyOf: [schemaRef('ProjectionStatus'), schemaRef('SagaStatus'), schemaRef('ReactionStatus')],
  },
}

const listOperation: Operation = {
  path: '/consumers',
  tag: 'consumers',
  summary: 'How far everything is that follows the log',
  answers: {
    200: {
      description: 'The end of the log, and all that are declared: projections first.',
      schema: {
        type: 'object',
        required: ['head', 'consumers'],
        properties: { head: headSchema, consumers: { type: 'array', items: schemaRef('ConsumerStatus') } },
      },
      headers: [positionHeader],
    },
  },
  problems: [],
  schemas: consumerSchemas,
}

function showOperation(consumer: string): Operation {
  return {
    path: `/consumers/${consumer}`,
    tag: 'consumers',
    summary: `How far ${consumer} is`,
    answers: {
      200: { description: 'Its status.', schema: schemaRef('ConsumerStatus'), headers: [positionHeader] },
    },
    problems: [404],
    schemas: consumerSchemas,
  }
}

function pauseOperation(consumer: string, isPaused: boolean): Operation {
  return {
    path: `/consumers/${consumer}/${isPaused ? 'pause' : 'resume'}`,
    tag: 'consumers',
    summary: isPaused ? `Let ${consumer} stand still` : `Let ${consumer} go on, and try again what is parked`,
    description: 'It stays so over restarts. The log records who asked for it.',
    answers: {
      200: {
        description: 'Done.',
        schema: {
          type: 'object',
          required: ['name', 'isPaused'],
          properties: { name: { const: consumer }, isPaused: { const: isPaused } },
        },
      },
    },
    problems: [404, 507],
  }
}
