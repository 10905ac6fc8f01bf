// A meter that Prometheus scrapes. Names and labels are derived from those of OpenTelemetry, as its specification maps them
// (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/), without the prefix of our attributes.
import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import type { AttributeName, Attributes, Instrument, Meter, Observation, Observer } from 'indelible/adapter'

interface Series {
  readonly metric: Counter<string> | Gauge<string> | Histogram<string>
  readonly labelsOf: (attributes: Attributes) => Record<string, string>
}

export class PrometheusMeter implements Meter {
  readonly #registry = new Registry()
  readonly #series = new Map<string, Series>()
  readonly #observers: Observer[] = []

  get contentType(): string {
    return this.#registry.contentType
  }

  record(instrument: Instrument, value: number, attributes: Attributes): void {
    const { metric, labelsOf } = this.#seriesOf(instrument)
    if (metric instanceof Histogram) metric.observe(labelsOf(attributes), value)
    else metric.inc(labelsOf(attributes), value)
  }

  observe(observer: Observer): void {
    this.#observers.push(observer)
  }

  /** Everything in the text format, version 0.0.4. Throws what an observer throws. */
  async text(): Promise<string> {
    for (const { instruments, read } of this.#observers) {
      const observations = await read()
      // Nothing of an earlier scrape remains.
      for (const instrument of instruments) this.#seriesOf(instrument).metric.reset()
      for (const observation of observations) this.#show(observation)
    }
    return await this.#registry.metrics()
  }

  #show({ instrument, value, attributes }: Observation): void {
    const { metric, labelsOf } = this.#seriesOf(instrument)
    const labels = labelsOf(attributes)
    if (metric instanceof Gauge) metric.set(labels, value)
    else (metric as Counter<string>).inc(labels, value)
  }

  #seriesOf(instrument: Instrument): Series {
    const known = this.#series.get(instrument.name)
    if (known) return known
    const { kind, meaning: help, attributes, bounds } = instrument
    const name = metricName(instrument)
    const described = { name, help, labelNames: attributes.map(labelName), registers: [this.#registry] }
    const metric =
      kind === 'histogram'
        ? new Histogram({ ...described, buckets: [...(bounds ?? [])] })
        : kind === 'counter'
          ? new Counter(described)
          : new Gauge(described)
    const series = { metric, labelsOf: labelsOf(instrument) }
    this.#series.set(instrument.name, series)
    return series
  }
}

/** `indelible.command.duration` in seconds is `indelible_command_duration_seconds`. */
export function metricName({ name, unit, kind }: Instrument): string {
  const suffix = unit === 's' ? '_seconds' : unit === 'By' ? '_bytes' : ''
  return `${name.replaceAll('.', '_')}${suffix}${kind === 'counter' ? '_total' : ''}`
}

/** `indelible.command` is `command`, `http.route` is `http_route`. */
export function labelName(attribute: AttributeName): string {
  return attribute.replace(/^indelible\./, '').replaceAll('.', '_')
}

/** A label that is missing is empty. */
function labelsOf({ attributes: names }: Instrument): Series['labelsOf'] {
  const labels = names.map((name) => [labelName(name), name] as const)
  return (attributes) => {
    const found: Record<string, string> = {}
    for (const [label, name] of labels) found[label] = String(attributes[name] ?? '')
    return found
  }
}
