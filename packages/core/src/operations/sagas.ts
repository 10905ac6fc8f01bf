// A saga: where it is, and resuming one whose compensation failed.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import type { SagaState, SagaStatus } from '../runtime/sagas/saga-state.ts'
import type { WaitOptions } from '../runtime/waiting.ts'
import { objectOf } from './json-schemas.ts'
import { waitMsMax } from './limits.ts'
import { operation } from './operation.ts'
import { required, text, wholeNumber } from './parameters.ts'

const which = {
  name: required(text({ description: 'The name of the saga.' })),
  id: required(text({ description: 'The id of the stream whose event started it.' })),
}

/** The state of a saga, with its name and id. */
export interface SagaShown extends SagaState {
  readonly saga: string
  readonly id: string
}

/** Whether a saga was resumed. */
export interface SagaResumed {
  readonly saga: string
  readonly id: string
  /** False if there was nothing to resume. */
  readonly resumed: boolean
}

export const showSaga = operation({
  name: 'showSaga',
  effect: 'reads',
  parameters: {
    ...which,
    waitMs: wholeNumber({
      max: waitMsMax,
      default: 0,
      description:
        'The maximum time to wait until the saga ends or its compensation fails. After it the answer is the current state.',
    }),
  },
  refusals: ['invalid_stream_name', 'unknown_saga', 'saga_missing'],
  waits: ({ waitMs = 0 }) => waitMs > 0,
  describe: ({ sagas }) =>
    sagas.map(({ name }) => ({
      given: { name },
      group: 'sagas',
      summary: `Where one ${name} is`,
      result: {
        description:
          'Its state. completed and compensated are ends; compensationFailed waits for a person to resume it.',
        schema: stateSchema(name),
      },
    })),
  async run(running, { name, id, waitMs: timeoutMs = 0 }, { signal }): Promise<SagaShown> {
    const wait = signal ? { timeoutMs, signal } : { timeoutMs }
    const state =
      (timeoutMs > 0 ? await endOf(running, { name, id }, wait) : undefined) ?? (await stateOf(running, { name, id }))
    return { saga: name, id, ...state }
  },
})

export const resumeSaga = operation({
  name: 'resumeSaga',
  effect: 'changes',
  parameters: which,
  refusals: ['invalid_stream_name', 'unknown_saga', 'saga_missing', 'store_full'],
  describe: ({ sagas }) =>
    sagas.map(({ name }) => ({
      given: { name },
      group: 'sagas',
      summary: `Resume a ${name} whose compensation or code failed`,
      result: {
        description: 'resumed is false if there was nothing to resume.',
        schema: objectOf({ saga: { const: name }, id: { type: 'string' }, resumed: { type: 'boolean' } }),
      },
    })),
  async run(running, { name, id }, { principal }): Promise<SagaResumed> {
    await stateOf(running, { name, id })
    return { saga: name, id, resumed: await running.resumeSaga({ name }, id, principal) }
  },
})

interface Which {
  readonly name: string
  readonly id: string
}

/** Undefined if the saga did not end in time. */
async function endOf(running: RunningSystem, { name, id }: Which, wait: WaitOptions): Promise<SagaState | undefined> {
  try {
    return await running.waitForSaga({ name }, id, wait)
  } catch (error) {
    if (isIndelibleError(error, 'wait_timeout')) return undefined
    throw error
  }
}

async function stateOf(running: RunningSystem, { name, id }: Which): Promise<SagaState> {
  const state = await running.saga({ name }, id)
  if (state) return state
  throw new IndelibleError('saga_missing', `No saga "${name}" with the id "${id}" has started.`)
}

const statuses: readonly SagaStatus[] = ['running', 'compensating', 'completed', 'compensated', 'compensationFailed']

function stateSchema(name: string) {
  const steps = { type: 'array', items: { type: 'string' } }
  return objectOf({
    saga: { const: name },
    id: { type: 'string' },
    status: { enum: statuses },
    done: { ...steps, description: 'The steps that took effect, in that order.' },
    compensatable: { ...steps, description: 'Those of them that have a compensation.' },
    pending: { type: ['object', 'null'], description: 'The command that awaits its outcome.' },
    failure: { type: ['object', 'null'], description: 'Why the saga compensates.' },
    compensationFailure: { type: ['object', 'null'], description: 'Why its compensation failed.' },
    version: { type: 'integer' },
  })
}
