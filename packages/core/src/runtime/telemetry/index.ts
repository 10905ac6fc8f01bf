// What a running system tells of itself: spans and measurements, by lists that everything else is made from.
export { type Append, appendTo } from './append.ts'
export { type AttributeName, attributes } from './attributes.ts'
export { type Instrument, instruments, secondsBounds } from './instruments.ts'
export type {
  Attributes,
  Meter,
  Observation,
  Observer,
  Span,
  SpanStart,
  TelemetryOptions,
  Tracer,
} from './ports.ts'
export { processObserver } from './process.ts'
export { spanNameOf } from './span-name.ts'
export { type SpanDefinition, type SpanName, spans } from './spans.ts'
export { errorTypeOf, linksMax, type OpenSpan, Telemetry } from './telemetry.ts'
