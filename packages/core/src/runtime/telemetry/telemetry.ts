// Tells the tracer and the meters of a running system what it does. Without them nothing is made and nothing is measured. Whatever they throw is ignored:
// a broken tracer must not break a command.
import { isIndelibleError } from '../../kernel/errors.ts'
import { isTraceparent } from '../../kernel/traceparent.ts'
import type { Instrument } from './instruments.ts'
import type { Attributes, Meter, Observer, Span, SpanStart, TelemetryOptions, Tracer } from './ports.ts'
import { spanNameOf } from './span-name.ts'
import type { SpanDefinition } from './spans.ts'

export interface Traced {
  readonly span: SpanDefinition
  readonly attributes: Attributes
  /** The traceparent of what led to it. Without one it begins a trace, or with `active` continues the span that is under way where the caller is. */
  readonly parent: string | undefined
  readonly orActive?: boolean
  readonly links?: readonly (string | undefined)[]
}

/** A span under way. */
export interface OpenSpan {
  /** What is recorded and passed on: that of this span, or else that of its parent. */
  readonly traceparent: string | undefined
  set(attributes: Attributes): void
}

export class Telemetry {
  readonly #tracer: Tracer | undefined
  readonly #meters: Meter[] = []
  readonly #observers: Observer[] = []

  constructor({ tracer, meter }: TelemetryOptions = {}) {
    this.#tracer = tracer
    if (meter) this.attach(meter)
  }

  /** Whether anybody wants to know. Where nobody does, callers do not even say it. */
  get isOn(): boolean {
    return this.#tracer !== undefined || this.#meters.length > 0
  }

  /** Whether there is a tracer. Where there is none, nothing is gathered for it. */
  get isTracing(): boolean {
    return this.#tracer !== undefined
  }

  /** Adds a meter. It gets what is measured from now on. */
  attach(meter: Meter): void {
    this.#meters.push(meter)
    for (const observer of this.#observers) ignoring(() => meter.observe(observer))
  }

  /** Adds values that are read when somebody asks for them. */
  observe(observer: Observer): void {
    this.#observers.push(observer)
    for (const meter of this.#meters) ignoring(() => meter.observe(observer))
  }

  record(instrument: Instrument, value: number, attributes: Attributes): void {
    for (const meter of this.#meters) ignoring(() => meter.record(instrument, value, attributes))
  }

  /** Runs work in a span. Without a tracer it only runs it. The span fails with what the work throws. */
  traced<Result>(traced: Traced, work: (span: OpenSpan) => Promise<Result>): Promise<Result> {
    const tracer = this.#tracer
    const span = tracer && orNothing(() => tracer.start(startOf(traced)))
    return span ? this.#within(span, traced, work) : work({ traceparent: traced.parent, set: ignored })
  }

  /**
   * For one of many tenants: its spans name it; its measurements are counted together with those of the others, so that their number does not grow with the
   * tenants; and what it would show is not asked for.
   */
  within(tenant: string): Telemetry {
    return new TenantTelemetry(this, tenant)
  }

  async #within<Result>(span: Span, { parent }: Traced, work: (span: OpenSpan) => Promise<Result>): Promise<Result> {
    const given = orNothing(() => span.traceparent)
    const traceparent = isTraceparent(given) ? given : parent
    const open: OpenSpan = { traceparent, set: (attributes) => ignoring(() => span.set(attributes)) }
    try {
      const result = await within(span, () => work(open))
      ignoring(() => span.end())
      return result
    } catch (error) {
      ignoring(() => span.end(errorTypeOf(error)))
      throw error
    }
  }
}

class TenantTelemetry extends Telemetry {
  readonly #whole: Telemetry
  readonly #tenant: string

  constructor(whole: Telemetry, tenant: string) {
    super()
    this.#whole = whole
    this.#tenant = tenant
  }

  override get isOn(): boolean {
    return this.#whole.isOn
  }

  override get isTracing(): boolean {
    return this.#whole.isTracing
  }

  override attach(meter: Meter): void {
    this.#whole.attach(meter)
  }

  override observe(): void {}

  override record(instrument: Instrument, value: number, attributes: Attributes): void {
    this.#whole.record(instrument, value, attributes)
  }

  override traced<Result>(traced: Traced, work: (span: OpenSpan) => Promise<Result>): Promise<Result> {
    if (!this.isTracing) return this.#whole.traced(traced, work)
    const attributes = { ...traced.attributes, 'indelible.tenant': this.#tenant }
    return this.#whole.traced({ ...traced, attributes }, work)
  }
}

const ignored = () => {}

/** What an error is called: its code, or its name. Its message may contain data of the domain. */
export function errorTypeOf(error: unknown): string {
  if (isIndelibleError(error)) return error.code
  return error instanceof Error ? error.name : typeof error
}

function startOf({ span, attributes, parent, orActive = false, links = [] }: Traced): SpanStart {
  return {
    span,
    name: spanNameOf(span, attributes),
    attributes,
    parent: isTraceparent(parent) ? { traceparent: parent } : orActive ? 'active' : 'none',
    links: [...new Set(links)].filter((link) => isTraceparent(link)).slice(0, linksMax),
  }
}

/** The work runs once, whatever the tracer does with it. */
function within<Result>(span: Span, work: () => Promise<Result>): Promise<Result> {
  let running: Promise<Result> | undefined
  const once = () => (running ??= work())
  // What the work rejects with reaches the caller below; a tracer may pass it on, or reject by itself.
  ignoring(() => span.within(once)?.catch?.(() => {}))
  return once()
}

function ignoring(tell: () => unknown): void {
  try {
    tell()
  } catch {
    // Of a tracer or meter of the user.
  }
}

function orNothing<Value>(make: () => Value): Value | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

/** As many as OpenTelemetry keeps by default. */
export const linksMax = 128
