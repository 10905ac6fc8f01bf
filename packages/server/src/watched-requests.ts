// Every request, told to tracer, meters and the log of the operator.
import type { Context } from 'hono'
import type { RunningSystem } from 'indelible'
import { isTraceparent, spans } from 'indelible/adapter'
import { httpInstruments } from './instruments.ts'

/** A request that was answered. */
export interface AnsweredRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly status: number
  readonly ms: number
  /** Of its span, or of the client if nobody traces. */
  readonly traceparent: string | undefined
}

/** How a request is handled. `traceparent` names what the operation continues. */
export type HandleTraced = (c: Context, request: TracedRequest) => Promise<Response>

export interface TracedRequest {
  readonly traceparent: string | undefined
  /** Of an error whose message the client does not get: the span fails with it. */
  readonly failed: (errorType: string) => void
}

/** `route` is the path with the names of its parameters, if there is one. */
export function watchedRequests({ telemetry }: RunningSystem, onRequest?: (request: AnsweredRequest) => void) {
  return (route: string | undefined, handle: HandleTraced) =>
    async (c: Context): Promise<Response> => {
      const method = knownMethods.has(c.req.method) ? c.req.method : '_OTHER'
      const header = c.req.header('traceparent')
      const parent = isTraceparent(header) ? header : undefined
      const attributes = { 'http.request.method': method, 'http.route': route }
      const beganMs = performance.now()
      const { response, traceparent } = await telemetry.traced(
        { span: spans.request, attributes, parent },
        async (span) => {
          const failed = (errorType: string) => span.set({ 'error.type': errorType })
          const response = await handle(c, { traceparent: span.traceparent, failed })
          span.set({ 'http.response.status_code': response.status })
          return { response, traceparent: span.traceparent }
        },
      )
      const ms = performance.now() - beganMs
      const { status } = response
      telemetry.record(httpInstruments.requestDuration, ms / 1000, {
        ...attributes,
        'http.response.status_code': status,
      })
      onRequest?.({ method: c.req.method, path: new URL(c.req.url).pathname, status, ms, traceparent })
      return response
    }
}

/** https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/: any other would be a series of its own. */
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY'])
