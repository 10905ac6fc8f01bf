// What the operator is told: notices of the system, faults of requests, requests on wish. One line each, as text or as JSON.
import { isIndelibleError, type NoticeOfTenants } from 'indelible'
import { idsOfTrace } from 'indelible/adapter'
import { escaped, hidden } from './escaped.ts'
import { factsOf, type Level, meaningOf } from './notice-meanings.ts'
import type { ServerNotice } from './notices.ts'
import type { AnsweredRequest } from './watched-requests.ts'

export type LogFormat = 'text' | 'json'

export interface OperatorLogOptions {
  /** `text` by default, for people. */
  readonly format?: LogFormat
  /** Gets each line with its end. stderr by default. */
  readonly write?: (line: string) => void
}

/** A request that failed for a fault whose message its client does not get. */
export interface FailedRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly traceparent: string | undefined
}

/** To be given to `openSystem` and `serve`: `const { onNotice, onError, onRequest } = operatorLog({ format: 'json' })`. */
export interface OperatorLog {
  readonly onNotice: (notice: NoticeOfTenants | ServerNotice) => void
  readonly onError: (error: unknown, request: FailedRequest) => void
  readonly onRequest: (request: AnsweredRequest) => void
}

interface Entry {
  readonly level: Level
  readonly kind: string
  readonly message: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly traceparent?: string | undefined
  readonly error?: unknown
}

/** Headers, queries, bodies, rows and details of errors are never written. Control characters are escaped, so that nothing can look like a line of its own. */
export function operatorLog({ format = 'text', write = toStderr }: OperatorLogOptions = {}): OperatorLog {
  const line = format === 'json' ? jsonLine : textLine
  const tell = (entry: Entry) => write(`${line(entry, new Date().toISOString())}\n`)
  return {
    onNotice: (notice) => tell({ kind: notice.kind, ...meaningOf(notice), facts: factsOf(notice) }),
    onError: (error, { method, path, traceparent }) =>
      tell({
        level: 'error',
        kind: 'request failed',
        message: 'A request failed.',
        facts: { method, path },
        traceparent,
        error,
      }),
    onRequest: ({ method, path, status, ms, traceparent }) =>
      tell({
        level: 'info',
        kind: 'request',
        message: 'A request was answered.',
        facts: { method, path, status, ms: Math.round(ms * 1000) / 1000 },
        traceparent,
      }),
  }
}

/** The names of the ids are those of https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/. */
function jsonLine({ level, kind, message, facts, traceparent, error }: Entry, time: string): string {
  const ids = idsOfTrace(traceparent)
  const traced = ids ? { trace_id: ids.traceId, span_id: ids.spanId } : {}
  const failed = error === undefined ? {} : { error: shownError(error) }
  return escaped(JSON.stringify({ time, level, message, kind, ...traced, ...facts, ...failed }))
}

function textLine({ level, kind, message, facts, traceparent, error }: Entry, time: string): string {
  const ids = idsOfTrace(traceparent)
  const shown = Object.entries({ ...facts, ...(ids ? { trace: ids.traceId } : {}) }).map(
    ([name, value]) => ` ${name}=${typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value)}`,
  )
  const first = escaped(`${time} ${level} ${kind}: ${message}${shown.join('')}`)
  if (error === undefined) return first
  const { name, code, message: why, stack = [] } = shownError(error)
  return [first, `  ${escaped(`${code ?? name}: ${why}`)}`, ...stack.map((at) => `    ${escaped(at)}`)].join('\n')
}

interface ShownError {
  readonly name: string
  readonly code?: string
  readonly message: string
  /** Where it was thrown, the innermost call first. */
  readonly stack?: readonly string[]
  readonly cause?: ShownError
}

function shownError(error: unknown, depth = 0): ShownError {
  if (!(error instanceof Error)) return { name: typeof error, message: hidden(String(error)) }
  const calls = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return {
    name: error.name,
    ...(isIndelibleError(error) ? { code: error.code } : {}),
    message: hidden(error.message),
    stack: calls.map((line) => hidden(line.trim())),
    ...(error.cause !== undefined && depth < causesMax ? { cause: shownError(error.cause, depth + 1) } : {}),
  }
}

const causesMax = 5

function toStderr(line: string): void {
  process.stderr.write(line)
}
