// Appends to the log, told to tracer and meters.
import { categoryOf } from '../../kernel/streams.ts'
import type { AppendOptions, AppendOutcome, Commit, EventStore } from '../../store/port.ts'
import { instruments } from './instruments.ts'
import { spans } from './spans.ts'
import type { Telemetry } from './telemetry.ts'

/** As `append` of the store. `parent` is the traceparent of the span that it belongs to. */
export type Append = (commit: Commit, options: AppendOptions, parent: string | undefined) => Promise<AppendOutcome>

export function appendTo(store: EventStore, telemetry: Telemetry): Append {
  const traced: Append = async (commit, options, parent) => {
    const beganMs = performance.now()
    let outcome: AppendOutcome['status'] | 'failed' = 'failed'
    const attributes = {
      'db.system.name': 'indelible',
      'db.operation.name': 'append',
      'indelible.category': categoryOf(commit.events[0]!.stream),
      'indelible.events': commit.events.length,
    }
    try {
      return await telemetry.traced({ span: spans.append, attributes, parent }, async (span) => {
        const appended = await store.append(commit, options)
        outcome = appended.status
        span.set({ 'indelible.outcome': outcome })
        return appended
      })
    } finally {
      const seconds = (performance.now() - beganMs) / 1000
      telemetry.record(instruments.appendDuration, seconds, { 'indelible.outcome': outcome })
    }
  }
  return (commit, options, parent) => (telemetry.isOn ? traced(commit, options, parent) : store.append(commit, options))
}
