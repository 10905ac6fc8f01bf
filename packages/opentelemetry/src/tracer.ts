// The tracer: spans of a running system as spans of OpenTelemetry.
import {
  type Span as ApiSpan,
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import {
  type Attributes,
  idsOfTrace,
  type Span,
  type SpanDefinition,
  type SpanStart,
  type Tracer,
} from 'indelible/adapter'

export function openTelemetryTracer(provider?: TracerProvider): Tracer {
  // The global one is looked up now and forwards to the SDK, also to one that is started later.
  const tracer = (provider ?? trace.getTracerProvider()).getTracer('indelible')
  return {
    start({ span, name, attributes, parent, links }) {
      const from = contextOf(parent)
      const started = tracer.startSpan(
        name,
        { kind: kinds[span.kind], attributes, links: links.flatMap((link) => linkTo(link)), root: parent === 'none' },
        from,
      )
      return new OpenSpan(started, from)
    },
  }
}

const kinds: Readonly<Record<SpanDefinition['kind'], SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
}

class OpenSpan implements Span {
  readonly #span: ApiSpan
  readonly #context: Context

  constructor(span: ApiSpan, from: Context) {
    this.#span = span
    this.#context = trace.setSpan(from, span)
  }

  get traceparent(): string | undefined {
    return traceparentOf(this.#span.spanContext())
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes)
    if (attributes['error.type'] !== undefined) this.#span.setStatus({ code: SpanStatusCode.ERROR })
  }

  within<Result>(work: () => Promise<Result>): Promise<Result> {
    return context.with(this.#context, work)
  }

  end(errorType?: string): void {
    if (errorType !== undefined) this.set({ 'error.type': errorType })
    this.#span.end()
  }
}

/** What runs in the background may have been started within a span of somebody else, so only a span that says so continues the active one. */
function contextOf(parent: SpanStart['parent']): Context {
  if (parent === 'active') return context.active()
  const remote = parent === 'none' ? undefined : spanContextOf(parent.traceparent)
  return remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT
}

function linkTo(traceparent: string): readonly { readonly context: SpanContext }[] {
  const context = spanContextOf(traceparent)
  return context ? [{ context }] : []
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
function spanContextOf(traceparent: string): SpanContext | undefined {
  const ids = idsOfTrace(traceparent)
  return ids && { ...ids, traceFlags: Number.parseInt(traceparent.slice(53, 55), 16), isRemote: true }
}

function traceparentOf(spanContext: SpanContext): string | undefined {
  if (!isSpanContextValid(spanContext)) return undefined
  const { traceId, spanId, traceFlags } = spanContext
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}
