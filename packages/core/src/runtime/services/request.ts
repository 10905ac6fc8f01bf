// Makes the request of an activity from its declaration and an input.
import { IndelibleError } from '../../kernel/errors.ts'
import { hasQuery, inputMembersIn, type ServiceCall, textOfCall } from '../../kernel/service-calls.ts'
import { messageOf, shown } from '../../kernel/shown.ts'
import type { ServiceRequest } from './connection.ts'

/** What the members of a path stand for. */
export interface RequestParts {
  readonly id: string
  /** The output of the schema. */
  readonly input: unknown
  readonly idempotencyKey: string
}

/**
 * The request that asks a service not to do it any more. It has nothing but its path, and a key of its own: under the key of what it gives up, a service
 * would repeat the answer to that. Throws as {@link requestOf}.
 */
export function giveUpRequestOf(call: ServiceCall, parts: RequestParts): ServiceRequest {
  const { idempotencyKey } = parts
  return { method: call.method, path: pathOf(call, parts), body: undefined, idempotencyKey: `${idempotencyKey}:giveUp` }
}

/** Throws `invalid_command` where a member of the path is missing, or the input cannot be put into path, query or JSON. */
export function requestOf(call: ServiceCall, parts: RequestParts): ServiceRequest {
  const { input, idempotencyKey } = parts
  const { method } = call
  const path = pathOf(call, parts)
  const rest = isObject(input) ? without(input, inputMembersIn(call)) : input
  if (!hasQuery(call)) return { method, path, body: jsonOf(call, rest), idempotencyKey }
  const query = queryOf(call, rest)
  return { method, path: query === '' ? path : `${path}?${query}`, body: undefined, idempotencyKey }
}

function pathOf(call: ServiceCall, { id, input, idempotencyKey }: RequestParts): string {
  const values: Readonly<Record<string, unknown>> = { ...(isObject(input) ? input : {}), id, idempotencyKey }
  return call.path.replaceAll(/\{([^{}]*)\}/g, (_, name) => segmentOf(call, name, values[name]))
}

/** Clients take `.` and `..` out of a path, so that the request would go elsewhere, as it would with nothing there. */
function segmentOf(call: ServiceCall, name: string, value: unknown): string {
  const text = textOf(call, name, value)
  if (text !== '' && text !== '.' && text !== '..' && text.isWellFormed()) return encodeURIComponent(text)
  throw invalid(call, `cannot have ${shown(text)} as "${name}" in its path`)
}

function queryOf(call: ServiceCall, members: unknown): string {
  if (members === undefined || members === null) return ''
  if (!isObject(members))
    throw invalid(call, `has the members of an object in its query, and no place for ${shown(members)}`)
  const there = Object.entries(members).filter(([, value]) => value !== undefined && value !== null)
  return new URLSearchParams(
    there.map(([name, value]): [string, string] => [name, textOf(call, name, value)]),
  ).toString()
}

/** As the service reads it. */
function jsonOf(call: ServiceCall, body: unknown): unknown {
  if (body === undefined) return undefined
  try {
    return JSON.parse(JSON.stringify(body))
  } catch (error) {
    throw invalid(call, `has an input that is not JSON (${messageOf(error)})`)
  }
}

function textOf(call: ServiceCall, name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw invalid(call, `needs text or a number as "${name}", not ${shown(value)}`)
}

function without(members: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)))
}

function isObject(input: unknown): input is Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null && !Array.isArray(input)
}

function invalid(call: ServiceCall, problem: string): IndelibleError {
  return new IndelibleError('invalid_command', `The request "${textOfCall(call)}" ${problem}.`)
}
