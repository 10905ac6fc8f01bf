// `GET /sagas/{name}/{id}`: where a process over several aggregates is; `POST .../resume`: lets one whose compensation failed try again.
import { type AnySaga, isIndelibleError, type RunningSystem, type SagaView } from 'indelible'
import { json } from './answers.ts'
import { actor } from './commands.ts'
import { waitMsMax } from './limits.ts'
import { given, read, text, wholeNumber } from './parameters.ts'
import { HttpError } from './problems.ts'
import type { Operation, Route } from './route.ts'
import type { Waits } from './waits.ts'

const name = text('name', { in: 'path', description: 'The name of the saga.' })
const id = text('id', { in: 'path', description: 'The id of the stream whose event started it.' })
const waitMs = wholeNumber('waitMs', {
  in: 'query',
  max: waitMsMax,
  default: 0,
  description:
    'How long to wait for the saga to end, or for its compensation to fail, before answering with what is there.',
})

export function sagaRoutes(running: RunningSystem, waits: Waits): readonly Route[] {
  const { sagas } = running.system
  return [
    {
      method: 'GET',
      path: '/sagas/{name}/{id}',
      parameters: [name, id, waitMs],
      async handle(c) {
        const [saga, sagaId] = [{ name: read(c, name)! }, read(c, id)!]
        const wait = { timeoutMs: read(c, waitMs) ?? 0, signal: c.req.raw.signal }
        const asked = () => stateOf(running, saga, sagaId, wait)
        const state = await (wait.timeoutMs > 0 ? waits.one(asked) : asked())
        return json({ saga: saga.name, id: sagaId, ...state })
      },
      operations: sagas.map(stateOperation),
    },
    {
      method: 'POST',
      path: '/sagas/{name}/{id}/resume',
      parameters: [name, id, actor],
      async handle(c) {
        const [saga, sagaId] = [{ name: read(c, name)! }, read(c, id)!]
        await stateOf(running, saga, sagaId)
        const resumed = await running.resumeSaga(saga, sagaId, given({ actor: read(c, actor) }))
        return json({ saga: saga.name, id: sagaId, resumed })
      },
      operations: sagas.map(resumeOperation),
    },
  ]
}

/** Throws `saga_missing`, `unknown_saga`. */
async function stateOf(
  running: RunningSystem,
  saga: { name: string },
  sagaId: string,
  wait: { timeoutMs: number; signal?: AbortSignal } = { timeoutMs: 0 },
): Promise<SagaView> {
  if (wait.timeoutMs > 0) {
    try {
      return await running.waitForSaga(saga, sagaId, wait)
    } catch (error) {
      if (!isIndelibleError(error, 'wait_timeout')) throw error
    }
  }
  const state = await running.saga(saga, sagaId)
  if (!state) throw new HttpError('saga_missing', `No saga "${saga.name}" with the id "${sagaId}" has started.`)
  return state
}

function stateOperation({ name }: AnySaga): Operation {
  return {
    path: `/sagas/${encodeURIComponent(name)}/{id}`,
    tag: 'sagas',
    summary: `Where one ${name} is`,
    answers: {
      200: {
        description: 'Its state. completed and compensated are ends; compensationFailed waits for resume.',
        schema: {
          type: 'object',
          required: [
            'saga',
            'id',
            'status',
            'done',
            'compensatable',
            'pending',
            'failure',
            'compensationFailure',
            'version',
          ],
          properties: {
            saga: { const: name },
            id: { type: 'string' },
            status: { enum: ['running', 'compensating', 'completed', 'compensated', 'compensationFailed'] },
            done: {
              type: 'array',
              items: { type: 'string' },
              description: 'The steps that took effect, in that order.',
            },
            compensatable: {
              type: 'array',
              items: { type: 'string' },
              description: 'Those of them that had a compensation.',
            },
            pending: { type: ['object', 'null'], description: 'The command that awaits its answer.' },
            failure: { type: ['object', 'null'], description: 'Why it compensates.' },
            compensationFailure: { type: ['object', 'null'], description: 'Why its compensation failed.' },
            version: { type: 'integer' },
          },
        },
      },
    },
    problems: [400, 404],
  }
}

function resumeOperation({ name }: AnySaga): Operation {
  return {
    path: `/sagas/${encodeURIComponent(name)}/{id}/resume`,
    tag: 'sagas',
    summary: `Let a ${name} whose compensation failed try again`,
    answers: {
      200: {
        description: 'resumed is false where there was nothing to resume.',
        schema: {
          type: 'object',
          required: ['saga', 'id', 'resumed'],
          properties: { saga: { const: name }, id: { type: 'string' }, resumed: { type: 'boolean' } },
        },
      },
    },
    problems: [400, 404],
  }
}
