// `@indelible/opentelemetry`: the tracer and the meter of a running system over the OpenTelemetry API. The application brings the SDK.
import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import type { TelemetryOptions } from 'indelible'
import { openTelemetryMeter } from './meter.ts'
import { openTelemetryTracer } from './tracer.ts'

export interface OpenTelemetryOptions {
  /** The global one of the SDK by default. */
  readonly tracerProvider?: TracerProvider
  /** The global one of the SDK by default. */
  readonly meterProvider?: MeterProvider
}

/**
 * Traces and measures a system: `startSystem(bank, { telemetry: openTelemetry() })`, or in the config `open: (options) => ({ …, telemetry: openTelemetry() })`.
 * Start the SDK before. Without an SDK it does nothing.
 */
export function openTelemetry({ tracerProvider, meterProvider }: OpenTelemetryOptions = {}): TelemetryOptions {
  return { tracer: openTelemetryTracer(tracerProvider), meter: openTelemetryMeter(meterProvider) }
}
