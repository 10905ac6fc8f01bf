// The name of a span in another process, as W3C Trace Context writes it: it is recorded with events, so that what follows from them continues the trace.

/** https://www.w3.org/TR/trace-context/#traceparent-header: ids of zeros and version ff are invalid; later versions may continue after the flags. */
export function isTraceparent(value: unknown): value is string {
  if (typeof value !== 'string') return false
  const [, version, trace, parent, rest] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(-.*)?$/.exec(value) ?? []
  if (!version || version === 'ff' || (version === '00' && rest !== undefined)) return false
  return !/^0+$/.test(trace!) && !/^0+$/.test(parent!)
}

/** Metadata with a traceparent, if there is one. */
export function tracedBy(traceparent: string | undefined): { readonly traceparent?: string } {
  return traceparent === undefined ? {} : { traceparent }
}

/** The trace and the span that it names. Throws nothing: of one that is malformed, nothing. */
export function idsOfTrace(traceparent: unknown): { readonly traceId: string; readonly spanId: string } | undefined {
  if (!isTraceparent(traceparent)) return undefined
  return { traceId: traceparent.slice(3, 35), spanId: traceparent.slice(36, 52) }
}
