// The port to an HTTP service: one request and its answer. Adapters make the request; nothing above knows how.
import type { ServiceCall } from '../../kernel/service-calls.ts'

export interface ServiceRequest {
  readonly method: ServiceCall['method']
  /** With its query: `/authorisations/17`. */
  readonly path: string
  /** JSON; undefined for a request without a body. */
  readonly body: unknown
  /** The same whenever the same thing is asked again. To give something up is another thing: that request has a key of its own. */
  readonly idempotencyKey: string
}

export interface ServiceResponse {
  readonly status: number
  /** Undefined if it is not JSON. */
  readonly body: unknown
}

export interface ServiceCallOptions {
  readonly signal: AbortSignal
  /** What led to it, as a W3C traceparent: for the service to continue. */
  readonly traceparent?: string
}

export interface ServiceConnection {
  /** Throws `remote_unavailable` where no answer came, and `aborted`. */
  call(request: ServiceRequest, options: ServiceCallOptions): Promise<ServiceResponse>
}
