// The instruments of a running system: the one list. What is measured in OpenTelemetry and what Prometheus scrapes are made from it.
import type { AttributeName } from './attributes.ts'

/**
 * A metric. Names and units are those of OpenTelemetry (https://opentelemetry.io/docs/specs/semconv/general/metrics/). Each attribute has few values, which
 * the declaration of the system bounds: never an id.
 */
export interface Instrument {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  /** A unit of UCUM, such as `s` or `By`, or what is counted in braces. */
  readonly unit: string
  readonly meaning: string
  readonly attributes: readonly AttributeName[]
  /** Of a histogram: the upper bounds of its buckets. */
  readonly bounds?: readonly number[]
}

/** Seconds, from an append in memory to a disk that hangs. */
export const secondsBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

const ofConsumer = ['indelible.consumer', 'indelible.kind'] as const

/** Of the system. A server has some of its own. */
export const instruments = {
  commandDuration: {
    name: 'indelible.command.duration',
    kind: 'histogram',
    unit: 's',
    meaning: 'How long commands took, by outcome. Its count is the number of commands.',
    attributes: ['indelible.category', 'indelible.command', 'indelible.outcome'],
    bounds: secondsBounds,
  },
  appendDuration: {
    name: 'indelible.append.duration',
    kind: 'histogram',
    unit: 's',
    meaning:
      'How long appends took until they were durable, waits for others in the same group commit included. Records of the audit trail are not among them.',
    attributes: ['indelible.outcome'],
    bounds: secondsBounds,
  },
  logHead: {
    name: 'indelible.log.head.position',
    kind: 'gauge',
    unit: '{event}',
    meaning: 'Position of the last event in the log.',
    attributes: [],
  },
  storeCanWrite: {
    name: 'indelible.store.can_write',
    kind: 'gauge',
    unit: '1',
    meaning: '1 if the store can write now, 0 if it cannot.',
    attributes: [],
  },
  storeDurability: {
    name: 'indelible.store.durability',
    kind: 'gauge',
    unit: '1',
    meaning:
      'What an acknowledged append survives: 0 the end of this process, 1 the crash of the machine of the log, 2 the loss of that machine.',
    attributes: [],
  },
  storeRefusedAppends: {
    name: 'indelible.store.refused_appends',
    kind: 'counter',
    unit: '{append}',
    meaning: 'Appends that failed because of a fault since the store was opened, by error code.',
    attributes: ['indelible.code'],
  },
  storeSyncs: {
    name: 'indelible.store.syncs',
    kind: 'counter',
    unit: '{sync}',
    meaning: 'Durable writes since the store was opened: each is a group of commits and one fsync.',
    attributes: [],
  },
  storeSyncTime: {
    name: 'indelible.store.sync.time',
    kind: 'counter',
    unit: 's',
    meaning: 'How long these took together. Its rate divided by that of their number is the mean.',
    attributes: [],
  },
  processes: {
    name: 'indelible.processes',
    kind: 'gauge',
    unit: '{process}',
    meaning: 'Processes that share the work and are alive, as this one sees them; 0 where it has its stores alone.',
    attributes: [],
  },
  leaseHeld: {
    name: 'indelible.lease.held',
    kind: 'gauge',
    unit: '1',
    meaning: '1 for each lease that this process holds. Over all processes, the sum for a lease is 1.',
    attributes: ['indelible.lease'],
  },
  consumerPosition: {
    name: 'indelible.consumer.position',
    kind: 'gauge',
    unit: '{event}',
    meaning:
      'Everything up to this position is handled: in the read table, taken in by the sagas, signed in the tree. Of a feed: in the log of the other system.',
    attributes: ofConsumer,
  },
  consumerLagEvents: {
    name: 'indelible.consumer.lag.events',
    kind: 'gauge',
    unit: '{event}',
    meaning: 'Events in the log after that position, whether they concern the consumer or not.',
    attributes: ofConsumer,
  },
  consumerState: {
    name: 'indelible.consumer.state',
    kind: 'gauge',
    unit: '1',
    meaning: '1 for the current state of the consumer, 0 for the others.',
    attributes: [...ofConsumer, 'indelible.state'],
  },
  consumerParkedEvents: {
    name: 'indelible.consumer.parked_events',
    kind: 'gauge',
    unit: '{event}',
    meaning: 'Events that a policy, reaction or subscription could not handle.',
    attributes: ofConsumer,
  },
  projectionLag: {
    name: 'indelible.projection.lag',
    kind: 'gauge',
    unit: 's',
    meaning: 'Age of the oldest event that concerns the table and is not in it yet, 0 if there is none.',
    attributes: ['indelible.projection'],
  },
  projectionStaleness: {
    name: 'indelible.projection.staleness',
    kind: 'gauge',
    unit: 's',
    meaning: 'Age of events when their rows became visible, over the last minute. No sample if there were no events.',
    attributes: ['indelible.projection', 'indelible.quantile'],
  },
  projectionStalenessTarget: {
    name: 'indelible.projection.staleness.target',
    kind: 'gauge',
    unit: 's',
    meaning: 'The staleness target that the projection declares.',
    attributes: ['indelible.projection'],
  },
  sagaActive: {
    name: 'indelible.saga.active',
    kind: 'gauge',
    unit: '{saga}',
    meaning: 'Sagas that are driven in this process now.',
    attributes: ['indelible.saga'],
  },
  sagaWaiting: {
    name: 'indelible.saga.waiting',
    kind: 'gauge',
    unit: '{saga}',
    meaning: 'Sagas that wait for a time: a timer, a timeout, or another try after a fault.',
    attributes: ['indelible.saga'],
  },
  sagaInterventions: {
    name: 'indelible.saga.interventions',
    kind: 'gauge',
    unit: '{saga}',
    meaning: 'Sagas that cannot go on until a person helps.',
    attributes: ['indelible.saga'],
  },
  tenantsOpen: {
    name: 'indelible.tenants.open',
    kind: 'gauge',
    unit: '{tenant}',
    meaning: 'Tenants that are open, being opened or being closed.',
    attributes: [],
  },
  tenantsInLine: {
    name: 'indelible.tenants.line',
    kind: 'gauge',
    unit: '{caller}',
    meaning: 'Callers that wait because as many tenants are open as may be.',
    attributes: [],
  },
  tenantsDue: {
    name: 'indelible.tenants.due',
    kind: 'gauge',
    unit: '{tenant}',
    meaning: 'Closed tenants that are opened at a later time, because a timer of theirs is due then, or another try.',
    attributes: [],
  },
  tenantOpenDuration: {
    name: 'indelible.tenant.open.duration',
    kind: 'histogram',
    unit: 's',
    meaning: 'How long it took to open tenants.',
    attributes: [],
    bounds: secondsBounds,
  },
  tenantOperations: {
    name: 'indelible.tenant.operations',
    kind: 'counter',
    unit: '{operation}',
    meaning: 'Operations that were asked of tenants, by tenant: 100 by name at most, and all others as `_other`.',
    attributes: ['indelible.tenant'],
  },
  memoryUsage: {
    name: 'process.memory.usage',
    kind: 'gauge',
    unit: 'By',
    meaning: 'The resident memory of the process.',
    attributes: [],
  },
  heapUsed: {
    name: 'v8js.memory.heap.used',
    kind: 'gauge',
    unit: 'By',
    meaning: 'The heap of JavaScript that is in use.',
    attributes: [],
  },
  eventLoopDelayP99: {
    name: 'nodejs.eventloop.delay.p99',
    kind: 'gauge',
    unit: 's',
    meaning: 'How late the event loop was since the last look, at the 99th percentile.',
    attributes: [],
  },
  eventLoopDelayMax: {
    name: 'nodejs.eventloop.delay.max',
    kind: 'gauge',
    unit: 's',
    meaning: 'How late the event loop was since the last look, at worst.',
    attributes: [],
  },
} as const satisfies Readonly<Record<string, Instrument>>
