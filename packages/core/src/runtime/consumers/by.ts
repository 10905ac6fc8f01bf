// Who does something that is recorded in the log.

/** Who does something, and what led to it. It is recorded in the log. */
export interface By {
  readonly actor?: string | undefined
  /** A W3C traceparent. */
  readonly traceparent?: string | undefined
}
