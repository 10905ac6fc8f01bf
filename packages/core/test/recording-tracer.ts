// A tracer of the port for tests: spans as plain data.
import type { Span, SpanStart, Tracer } from 'indelible/adapter'

export interface Seen {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly links: readonly string[]
  readonly attributes: Record<string, unknown>
  isEnded: boolean
  errorType: string | undefined
}

export function recordingTracer(): { readonly tracer: Tracer; readonly seen: Seen[] } {
  const seen: Seen[] = []
  const id = (length: number) => (seen.length + 1).toString(16).padStart(length, '0')
  const start = ({ name, parent, links, attributes }: SpanStart): Span => {
    const [, traceId = id(32), parentId] = typeof parent === 'string' ? [] : parent.traceparent.split('-')
    const span: Seen = {
      name,
      traceId,
      spanId: id(16),
      parentId,
      links,
      attributes: { ...attributes },
      isEnded: false,
      errorType: undefined,
    }
    seen.push(span)
    return {
      traceparent: `00-${traceId}-${span.spanId}-01`,
      set: (more) => void Object.assign(span.attributes, more),
      within: (work) => work(),
      end(errorType) {
        span.isEnded = true
        span.errorType = errorType
      },
    }
  }
  return { tracer: { start }, seen }
}
