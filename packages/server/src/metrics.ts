// `GET /metrics`: everything that the system and this server measure, for Prometheus.
import type { RunningSystem } from 'indelible'
import { textAnswer } from './answers.ts'
import type { OwnPage } from './own-page.ts'
import { PrometheusMeter } from './prometheus.ts'

/** It measures from now on. */
export function metricsPage({ telemetry }: RunningSystem): OwnPage {
  const meter = new PrometheusMeter()
  telemetry.attach(meter)
  const { contentType } = meter
  return {
    path: '/metrics',
    needs: { verb: 'operate' },
    summary: 'Metrics of the log, of commands, of all that follows the log, and of this server, for Prometheus',
    answer: { description: 'In the text format, version 0.0.4.', contentType, schema: { type: 'string' } },
    handle: async () => textAnswer(await meter.text(), { contentType }),
  }
}
