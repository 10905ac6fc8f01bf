// A saga: its state, and what a person may decide about it.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import type { SagaView } from '../runtime/processes/saga-view.ts'
import type { SagaStatus } from '../runtime/processes/state.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import type { WaitOptions } from '../runtime/waiting.ts'
import type { NodeDescription } from '../schema/describe-saga.ts'
import { objectOf } from './json-schemas.ts'
import { recordedTextBytesMax, waitMsMax } from './limits.ts'
import { operation } from './operation.ts'
import { anyJson, given, oneOf, required, text, wholeNumber } from './parameters.ts'

const which = {
  name: required(text({ description: 'The name of the saga.' })),
  id: required(text({ description: 'The id of the stream whose event started it.' })),
}

/** The state of a saga, with its name and id. */
export interface SagaShown extends SagaView {
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
  needs: ({ name, id }) => ({ verb: 'read', saga: name, id }),
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

const reason = text({ bytesMax: recordedTextBytesMax, description: 'Why, recorded with the decision.' })

export const resumeSaga = operation({
  name: 'resumeSaga',
  effect: 'changes',
  needs: () => ({ verb: 'operate' }),
  parameters: {
    ...which,
    how: oneOf(['retry', 'accept'], {
      description:
        'After a compensation was refused: `retry`, the default, sends it again; `accept` leaves in effect what it should have taken back.',
    }),
    reason,
  },
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
  async run(running, { name, id, ...decided }, { by }): Promise<SagaResumed> {
    await stateOf(running, { name, id })
    return { saga: name, id, resumed: await running.resumeSaga({ name }, id, { ...given(decided), ...by }) }
  },
})

/** Whether a saga was cancelled. */
export interface SagaCancelled {
  readonly saga: string
  readonly id: string
  /** False if it does not run any more. */
  readonly cancelled: boolean
}

export const cancelSaga = operation({
  name: 'cancelSaga',
  effect: 'changes',
  needs: () => ({ verb: 'operate' }),
  parameters: { ...which, reason: required(reason) },
  refusals: ['invalid_stream_name', 'unknown_saga', 'saga_missing', 'store_full'],
  describe: ({ sagas }) =>
    sagas.map(({ name }) => ({
      given: { name },
      group: 'sagas',
      summary: `Make a ${name} take everything back`,
      result: {
        description:
          'cancelled is false if the saga does not run any more, or has sent a step that nothing takes back.',
        schema: objectOf({ saga: { const: name }, id: { type: 'string' }, cancelled: { type: 'boolean' } }),
      },
    })),
  async run(running, { name, id, reason }, { by }): Promise<SagaCancelled> {
    await stateOf(running, { name, id })
    return { saga: name, id, cancelled: await running.cancelSaga({ name }, id, { reason, ...by }) }
  },
})

/** Whether a decision was recorded. */
export interface SagaDecided {
  readonly saga: string
  readonly id: string
  readonly step: string
  /** False if the saga does not ask that (any more). */
  readonly decided: boolean
}

export const decideSaga = operation({
  name: 'decideSaga',
  effect: 'changes',
  needs: ({ name, id }) => ({ verb: 'decide', saga: name, id }),
  parameters: {
    ...which,
    step: required(text({ description: 'The step that asks, as the state of the saga names it.' })),
    decision: required(anyJson({ description: 'The decision, as the saga declares it.' })),
    reason,
  },
  refusals: ['invalid_command', 'invalid_stream_name', 'unknown_saga', 'saga_missing', 'store_full'],
  describe: ({ sagas }) =>
    sagas
      .filter(({ flow }) => asks(flow))
      .map(({ name }) => ({
        given: { name },
        group: 'sagas',
        summary: `Answer a question that a ${name} asks a person`,
        result: {
          description: 'decided is false if the saga does not ask that (any more).',
          schema: objectOf({
            saga: { const: name },
            id: { type: 'string' },
            step: { type: 'string' },
            decided: { type: 'boolean' },
          }),
        },
      })),
  async run(running, { name, id, step, decision, reason }, { by }): Promise<SagaDecided> {
    await stateOf(running, { name, id })
    const decided = await running.decide({ name }, id, { step, decision, ...given({ reason }), ...by })
    return { saga: name, id, step, decided }
  },
})

function asks(flow: readonly NodeDescription[]): boolean {
  return flow.some((node) => {
    if (node.kind === 'ask') return true
    if (node.kind === 'each') return asks(node.flow)
    return (node.kind === 'parallel' || node.kind === 'choose') && Object.values(node.branches).some(asks)
  })
}

interface Which {
  readonly name: string
  readonly id: string
}

/** Undefined if the saga did not end in time. */
async function endOf(running: RunningSystem, { name, id }: Which, wait: WaitOptions): Promise<SagaView | undefined> {
  try {
    return await running.waitForSaga({ name }, id, wait)
  } catch (error) {
    if (isIndelibleError(error, 'wait_timeout')) return undefined
    throw error
  }
}

async function stateOf(running: RunningSystem, { name, id }: Which): Promise<SagaView> {
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
    definition: { type: 'integer', description: 'The version of the declaration that it began on.' },
    done: { ...steps, description: 'The steps that took effect and were not taken back, in that order.' },
    compensatable: { ...steps, description: 'Those of them that have a compensation.' },
    pending: { type: 'array', items: { type: 'object' }, description: 'The commands that await their outcomes.' },
    waiting: {
      type: 'array',
      items: { type: 'object' },
      description: 'What it waits for besides: an event, a time, a person or another saga.',
    },
    failure: { type: ['object', 'null'], description: 'Why the saga compensates.' },
    compensationFailure: { type: ['object', 'null'], description: 'Why its compensation failed.' },
    resumed: { type: 'integer', description: 'How often it was resumed.' },
    version: { type: 'integer' },
  })
}
