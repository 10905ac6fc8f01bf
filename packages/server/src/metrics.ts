// `GET /metrics`: how far the log and the projections are, for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).
import type { Health, ProjectionStatus, RunningSystem } from 'indelible'
import { textAnswer } from './answers.ts'
import { projectionStates } from './projection-schemas.ts'
import type { Route } from './route.ts'

const contentType = 'text/plain; version=0.0.4; charset=utf-8'

export function metricsRoute(running: RunningSystem): Route {
  return {
    method: 'GET',
    path: '/metrics',
    parameters: [],
    async handle() {
      return textAnswer(exposition(await running.health()), { contentType })
    },
    operations: [
      {
        path: '/metrics',
        tag: 'system',
        summary: 'How far the log and the projections are, for Prometheus',
        answers: {
          200: { description: 'In the text format, version 0.0.4.', contentType, schema: { type: 'string' } },
        },
        problems: [],
      },
    ],
  }
}

interface Metric {
  readonly name: string
  /** `gauge` when left out. */
  readonly type?: 'counter' | 'gauge'
  readonly help: string
  readonly samples: readonly Sample[]
}
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | null]

function exposition({ head, store, projections }: Health): string {
  const of = (figure: (status: ProjectionStatus) => number): readonly Sample[] =>
    projections.map((status) => [{ projection: status.name }, figure(status)])
  const metrics: readonly Metric[] = [
    {
      name: 'indelible_log_head_position',
      help: 'Position of the last event in the log.',
      samples: [[{}, head.position]],
    },
    {
      name: 'indelible_store_can_write',
      help: '1 where an append could be written now, 0 where not.',
      samples: [[{}, store.canWrite ? 1 : 0]],
    },
    {
      name: 'indelible_store_refused_appends_total',
      help: 'Appends that a fault refused since the store was opened, by its code.',
      type: 'counter',
      samples: Object.entries(store.refusedAppends).map(([code, count]) => [{ code }, count]),
    },
    {
      name: 'indelible_projection_position',
      help: 'Everything up to this position is in the read table.',
      samples: of(({ position }) => position),
    },
    {
      name: 'indelible_projection_lag_events',
      help: 'Events that the log has beyond that, whether they concern the table or not.',
      samples: of(({ lagEvents }) => lagEvents),
    },
    {
      name: 'indelible_projection_lag_seconds',
      help: 'Age of the oldest event that concerns the table and is not in it; 0 where there is none.',
      samples: of(({ staleness }) => staleness.lagMs / 1000),
    },
    {
      name: 'indelible_projection_staleness_seconds',
      help: 'Age of events when their rows became visible, over the last minute; left out where there were none.',
      samples: projections.flatMap(({ name: projection, staleness: { p50Ms, p99Ms } }): Sample[] => [
        [{ projection, quantile: '0.5' }, p50Ms === null ? null : p50Ms / 1000],
        [{ projection, quantile: '0.99' }, p99Ms === null ? null : p99Ms / 1000],
      ]),
    },
    {
      name: 'indelible_projection_staleness_target_seconds',
      help: 'The staleness that the projection declares as its target.',
      samples: of(({ staleness }) => staleness.targetMs / 1000),
    },
    {
      name: 'indelible_projection_state',
      help: '1 for the state that the projection is in, 0 for the others.',
      samples: projections.flatMap(({ name: projection, state: current }) =>
        projectionStates.map((state): Sample => [{ projection, state }, state === current ? 1 : 0]),
      ),
    },
  ]
  return metrics.map(textOf).join('')
}

function textOf({ name, help, type = 'gauge', samples }: Metric): string {
  const lines = samples
    .filter(([, value]) => value !== null)
    .map(([labels, value]) => `${name}${labelText(labels)} ${value}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

/** Names of projections, states and codes are snake_case, so nothing in them needs escaping. */
function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
