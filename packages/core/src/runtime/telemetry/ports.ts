// The ports to whatever traces and measures a running system. Nothing here knows OpenTelemetry: `@indelible/opentelemetry` implements both ports with it.
import type { AttributeName } from './attributes.ts'
import type { Instrument } from './instruments.ts'
import type { SpanDefinition } from './spans.ts'

/** What a running system tells of itself as it works. Whatever a tracer or a meter throws is ignored: it never changes what a command comes to. */
export interface TelemetryOptions {
  readonly tracer?: Tracer | undefined
  readonly meter?: Meter | undefined
}

/** Facts about a span or a measurement. They never contain data of events, input of commands, or ids of aggregates. */
export type Attributes = { readonly [Name in AttributeName]?: string | number | undefined }

export interface Tracer {
  /** Begins a span. It is called once for each, and must not wait for anything. */
  start(span: SpanStart): Span
}

export interface SpanStart {
  readonly span: SpanDefinition
  readonly name: string
  readonly attributes: Attributes
  /**
   * The span that this one continues, as a W3C traceparent. `active`: the one that is under way where the caller is, if the tracer knows one. `none`: it begins a
   * trace, because nothing that led to it was traced.
   */
  readonly parent: { readonly traceparent: string } | 'active' | 'none'
  /** The traceparents of spans that led to it and are not its parent. */
  readonly links: readonly string[]
}

export interface Span {
  /** The W3C traceparent of this span: recorded with events, and sent to other systems. Undefined if the tracer gives it none. */
  readonly traceparent: string | undefined
  set(attributes: Attributes): void
  /** Runs work while this span is the active one, so that the spans of other libraries belong to it. */
  within<Result>(work: () => Promise<Result>): Promise<Result>
  /** `errorType`: what it failed with, a code or the name of an error. */
  end(errorType?: string): void
}

export interface Meter {
  /** A counter went up by a value, or a duration was measured, in the unit of the instrument. */
  record(instrument: Instrument, value: number, attributes: Attributes): void
  /** Called once for each observer. It has the values of these instruments whenever somebody asks for them. */
  observe(observer: Observer): void
}

export interface Observer {
  readonly instruments: readonly Instrument[]
  /** Everything that these instruments show now. What is not in it is not there any more. */
  read(): Promise<readonly Observation[]>
}

export interface Observation {
  readonly instrument: Instrument
  readonly value: number
  readonly attributes: Attributes
}
