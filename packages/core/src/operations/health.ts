// The state of the whole system.
import type { AnyConsumerStatus } from '../runtime/consumers/consumers.ts'
import type { ConsumerState } from '../runtime/consumers/status.ts'
import type { Health } from '../runtime/health.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { headSchema, instantSchema, objectOf, ref } from './json-schemas.ts'
import { operation } from './operation.ts'

/** The health of a system, and whether an operator should look at it. */
export interface HealthReport extends Health {
  /** `degraded`: an operator should look at it. */
  readonly status: 'ok' | 'degraded'
}

export const health = operation({
  name: 'health',
  effect: 'reads',
  of: 'both',
  // Asked every few seconds, and says nothing about the domain.
  needs: () => ({ verb: 'operate' }),
  recordsPrincipal: false,
  parameters: {},
  describe: () => [
    {
      group: 'system',
      summary: 'The state of the log and of everything that follows it',
      description:
        'Degraded while a projection, saga, reaction or subscription is parked, retrying or diverged. Not degraded while one is paused, or the table of a projection is rebuilt. ' +
        'A single saga that needs intervention and a single event that a reaction parked are listed, but the system is not degraded. ' +
        'While another system cannot be reached, its feed is listed as retrying, and the system is not degraded. ' +
        'Degraded too while the store cannot write, unless it was opened read-only. If the fault may be temporary, each call tries again to write.',
      result: { description: 'ok, or degraded with the reason.', schema: healthSchema() },
    },
  ],
  async run(running): Promise<HealthReport> {
    return reportOf(await running.health())
  },
})

export function reportOf(health: Health): HealthReport {
  const isDegraded = health.consumers.some(isTroubled) || !mayWrite(health)
  return { status: isDegraded ? 'degraded' : 'ok', ...health }
}

/** The states that an operator should look at. */
const troubled: readonly ConsumerState[] = ['parked', 'retrying', 'diverged', 'stopped']

/** Whether another system can be reached says nothing about this one. */
function isTroubled({ kind, state }: AnyConsumerStatus): boolean {
  return troubled.includes(state) && !(kind === 'feed' && state === 'retrying')
}

/** A store that was opened read-only is not degraded. */
function mayWrite({ store }: Health): boolean {
  return store.canWrite || store.error.code === 'store_read_only'
}

export function healthSchema(): JsonSchema {
  return objectOf({
    status: { enum: ['ok', 'degraded'] },
    head: headSchema,
    store: storeSchema,
    consumers: { type: 'array', items: ref('ConsumerStatus') },
    processes: {
      type: 'array',
      description:
        'The processes that share the work, as this one sees them. None where one process has its stores alone.',
      items: objectOf({
        id: { type: 'string' },
        isThis: { type: 'boolean', description: 'Whether it is the one that answers.' },
        leases: {
          type: 'array',
          items: objectOf({ problem: { type: 'string' }, remedy: { type: 'string' } }),
          description: 'What it runs: consumers, and partitions of sagas.',
        },
      }),
    },
  })
}

const storeSchema: JsonSchema = {
  type: 'object',
  required: ['canWrite', 'refusedAppends'],
  properties: {
    canWrite: { type: 'boolean' },
    error: {
      description: 'Why the store cannot write.',
      ...objectOf({ code: { type: 'string' }, message: { type: 'string' } }),
    },
    since: { ...instantSchema, description: 'When the store first refused an append.' },
    refusedAppends: {
      type: 'object',
      description: 'The number of appends that failed because of a fault since the store was opened, by error code.',
      additionalProperties: { type: 'integer' },
    },
    syncs: {
      description: 'The durable writes since the store was opened, and how long they took together. Missing in memory.',
      ...objectOf({ count: { type: 'integer' }, ms: { type: 'number' } }),
    },
    durability: {
      enum: ['process', 'machine', 'two-machines'],
      description:
        'What an acknowledged append survives: the end of this process, the crash of the machine of the log, or its loss. Missing where that depends on no other program.',
    },
    concerns: {
      type: 'array',
      description: 'What an operator should mend although appends are written.',
      items: objectOf({ problem: { type: 'string' }, remedy: { type: 'string' } }),
    },
  },
}
