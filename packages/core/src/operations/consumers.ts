// Everything that follows the log (projections, sagas, reactions, subscriptions, the Merkle tree): how far it is, and pausing and resuming it.
import { scheduleSaga } from '../kernel/processes/index.ts'
import type { AnyConsumerStatus } from '../runtime/consumers/consumers.ts'
import { treeName } from '../runtime/proofs/tree-keys.ts'
import type { SystemDescription } from '../schema/system-description.ts'
import type { Head } from '../store/port.ts'
import { headSchema, objectOf, ref } from './json-schemas.ts'
import { type OperationCase, operation } from './operation.ts'
import { required, text } from './parameters.ts'

const parameters = {
  name: required(
    text({
      description:
        'The name of the projection, saga, reaction or subscription, of the other system whose feed it is, or "$tree" for the Merkle tree.',
    }),
  ),
}

/** The status of everything that follows the log. */
export interface ConsumerList {
  readonly head: Head
  readonly consumers: readonly AnyConsumerStatus[]
}

/** What was done with a consumer. */
export interface PausedOrResumed {
  readonly name: string
  readonly isPaused: boolean
}

export const listConsumers = operation({
  name: 'listConsumers',
  effect: 'reads',
  needs: () => ({ verb: 'operate' }),
  parameters: {},
  describe: () => [
    {
      group: 'consumers',
      summary: 'How far everything is that follows the log',
      result: {
        description: 'The end of the log, and everything that is declared: projections first.',
        schema: objectOf({ head: headSchema, consumers: { type: 'array', items: ref('ConsumerStatus') } }),
      },
    },
  ],
  async run({ store, consumers }): Promise<ConsumerList> {
    const [head, list] = await Promise.all([store.head(), consumers.list()])
    return { head, consumers: list }
  },
})

export const showConsumer = operation({
  name: 'showConsumer',
  effect: 'reads',
  needs: () => ({ verb: 'operate' }),
  parameters,
  refusals: ['unknown_consumer'],
  describe: (system) =>
    consumerNames(system).map((name) => ({
      given: { name },
      group: 'consumers',
      summary: `How far ${name} is`,
      result: { description: 'Its status.', schema: ref('ConsumerStatus') },
    })),
  run: ({ consumers }, { name }): Promise<AnyConsumerStatus> => consumers.show({ name }),
})

export const pauseConsumer = operation({
  name: 'pauseConsumer',
  effect: 'changes',
  needs: () => ({ verb: 'operate' }),
  parameters,
  refusals: ['unknown_consumer', 'store_full'],
  describe: (system) => consumerNames(system).map((name) => caseOf(name, true)),
  async run({ consumers }, { name }, { by }): Promise<PausedOrResumed> {
    await consumers.pause({ name }, by)
    return { name, isPaused: true }
  },
})

export const resumeConsumer = operation({
  name: 'resumeConsumer',
  effect: 'changes',
  needs: () => ({ verb: 'operate' }),
  parameters,
  refusals: ['unknown_consumer', 'store_full'],
  describe: (system) => consumerNames(system).map((name) => caseOf(name, false)),
  async run({ consumers }, { name }, { by }): Promise<PausedOrResumed> {
    await consumers.resume({ name }, by)
    return { name, isPaused: false }
  },
})

function consumerNames(system: SystemDescription): readonly string[] {
  const { projections, sagas, reactions, subscriptions, remotes } = system
  const feeds = remotes.filter(({ events }) => events.length > 0)
  const declared = [...projections, ...sagas, ...reactions, ...subscriptions, ...feeds].map((each) => each.name)
  return [...declared, scheduleSaga.name, treeName]
}

function caseOf(name: string, isPaused: boolean): OperationCase {
  return {
    given: { name },
    group: 'consumers',
    summary: isPaused ? `Pause ${name}` : `Resume ${name}, and try again what is parked`,
    description: 'This also holds after a restart. The log records who asked for it.',
    result: { description: 'Done.', schema: objectOf({ name: { const: name }, isPaused: { const: isPaused } }) },
  }
}
