// The meter: instruments of a running system as instruments of OpenTelemetry.
import {
  type Attributes as ApiAttributes,
  type Meter as ApiMeter,
  type Counter,
  type Histogram,
  type MeterProvider,
  metrics,
  type ObservableCounter,
  type ObservableGauge,
} from '@opentelemetry/api'
import type { Instrument, Meter } from 'indelible/adapter'

export function openTelemetryMeter(provider?: MeterProvider): Meter {
  const meter = (provider ?? metrics.getMeterProvider()).getMeter('indelible')
  const recorded = new Map<string, Counter | Histogram>()
  const recordedBy = (instrument: Instrument): Counter | Histogram => {
    const known = recorded.get(instrument.name)
    if (known) return known
    const made = synchronous(meter, instrument)
    recorded.set(instrument.name, made)
    return made
  }
  return {
    record(instrument, value, attributes) {
      const made = recordedBy(instrument)
      if ('record' in made) made.record(value, attributes)
      else made.add(value, attributes)
    },
    observe({ instruments, read }) {
      const observed = new Map(instruments.map((each) => [each.name, observable(meter, each)]))
      meter.addBatchObservableCallback(
        async (result) => {
          for (const { instrument, value, attributes } of await read().catch(() => []))
            result.observe(observed.get(instrument.name)!, value, attributes as ApiAttributes)
        },
        [...observed.values()],
      )
    },
  }
}

function synchronous(meter: ApiMeter, instrument: Instrument): Counter | Histogram {
  const { name, kind, bounds } = instrument
  if (kind === 'counter') return meter.createCounter(name, described(instrument))
  const advice = bounds ? { advice: { explicitBucketBoundaries: [...bounds] } } : {}
  return meter.createHistogram(name, { ...described(instrument), ...advice })
}

function observable(meter: ApiMeter, instrument: Instrument): ObservableCounter | ObservableGauge {
  const { name, kind } = instrument
  return kind === 'counter'
    ? meter.createObservableCounter(name, described(instrument))
    : meter.createObservableGauge(name, described(instrument))
}

function described({ unit, meaning: description }: Instrument) {
  return { unit, description }
}
