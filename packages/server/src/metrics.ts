// `GET /metrics`: the progress of the log, of the projections and of the Merkle tree, for Prometheus.
import { Counter, Gauge, Registry } from '@prometheus-io/client'
import type { Health, ProjectionStatus, RunningSystem } from 'indelible'
import { projectionStates } from 'indelible/operations'
import { textAnswer } from './answers.ts'
import type { OwnPage } from './own-page.ts'

export function metricsPage(running: RunningSystem): OwnPage {
  const registry = new Registry()
  const record = recorderOf(registry)
  const { contentType } = registry
  return {
    path: '/metrics',
    needs: { verb: 'operate' },
    summary: 'Metrics of the log and of the projections, for Prometheus',
    answer: { description: 'In the text format, version 0.0.4.', contentType, schema: { type: 'string' } },
    async handle() {
      record(await running.health())
      return textAnswer(await registry.metrics(), { contentType })
    },
  }
}

/** The function that it returns replaces every value, so that nothing of an earlier scrape remains. */
function recorderOf(registry: Registry): (health: Health) => void {
  const registers = [registry]
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge<Label>({ name: `indelible_${name}`, help, labelNames, registers })
  const ofProjection = (name: string, help: string, figure: (status: ProjectionStatus) => number) => {
    const metric = gauge(`projection_${name}`, help, ['projection'])
    return (status: ProjectionStatus) => metric.set({ projection: status.name }, figure(status))
  }

  const head = gauge('log_head_position', 'Position of the last event in the log.')
  const canWrite = gauge('store_can_write', '1 if the store can write now, 0 if it cannot.')
  const refusedAppends = new Counter({
    name: 'indelible_store_refused_appends_total',
    help: 'Appends that failed because of a fault since the store was opened, by error code.',
    labelNames: ['code'],
    registers,
  })
  const figures = [
    ofProjection('position', 'The read table contains all events up to this position.', ({ position }) => position),
    ofProjection(
      'lag_events',
      'Events in the log after that position, whether they concern the table or not.',
      ({ lagEvents }) => lagEvents,
    ),
    ofProjection(
      'lag_seconds',
      'Age of the oldest event that concerns the table and is not in it yet, 0 if there is none.',
      ({ staleness }) => staleness.lagMs / 1000,
    ),
    ofProjection(
      'staleness_target_seconds',
      'The staleness target that the projection declares.',
      ({ staleness }) => staleness.targetMs / 1000,
    ),
  ]
  const staleness = gauge(
    'projection_staleness_seconds',
    'Age of events when their rows became visible, over the last minute. No sample if there were no events.',
    ['projection', 'quantile'],
  )
  const state = gauge('projection_state', '1 for the current state of the projection, 0 for the others.', [
    'projection',
    'state',
  ])

  const ofTree = (name: string, help: string) => gauge(`tree_${name}`, help, ['tree'])
  const signed = ofTree('position', 'All events up to this position are in the last signed checkpoint.')
  const unsigned = ofTree('lag_events', 'Events in the log after that position.')
  const diverged = ofTree('diverged', '1 if the log is not the one that was signed, so that nothing is signed.')

  return ({ head: { position }, store, consumers }) => {
    registry.resetMetrics()
    head.set(position)
    canWrite.set(store.canWrite ? 1 : 0)
    for (const [code, count] of Object.entries(store.refusedAppends)) refusedAppends.inc({ code }, count)
    for (const { name: tree, position, lagEvents, state } of consumers.filter((each) => each.kind === 'tree')) {
      signed.set({ tree }, position)
      unsigned.set({ tree }, lagEvents)
      diverged.set({ tree }, state === 'diverged' ? 1 : 0)
    }
    for (const status of consumers.filter((each) => each.kind === 'projection')) {
      const projection = status.name
      for (const set of figures) set(status)
      const { p50Ms, p99Ms } = status.staleness
      if (p50Ms !== null) staleness.set({ projection, quantile: '0.5' }, p50Ms / 1000)
      if (p99Ms !== null) staleness.set({ projection, quantile: '0.99' }, p99Ms / 1000)
      for (const each of projectionStates) state.set({ projection, state: each }, each === status.state ? 1 : 0)
    }
  }
}
