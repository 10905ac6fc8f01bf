// Makes the request of an activity from its declaration and an input.
import { membersIn, type ServiceCall } from '../../kernel/activities.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import { shown } from '../../kernel/shown.ts'
import type { ServiceRequest } from './connection.ts'

/** What the members of a path stand for. */
export interface RequestParts {
  readonly id: string
  readonly input: unknown
  readonly idempotencyKey: string
}

/** The request that asks a service not to do it any more. It has nothing but its path. Throws as {@link requestOf}. */
export function giveUpRequestOf(call: ServiceCall, parts: RequestParts): ServiceRequest {
  return { method: call.method, path: pathOf(call, parts), body: undefined, idempotencyKey: parts.idempotencyKey }
}

/** Throws `invalid_command` where a member of the path is missing, or cannot be put into a path or query. */
export function requestOf(call: ServiceCall, parts: RequestParts): ServiceRequest {
  const { input, idempotencyKey } = parts
  const { method } = call
  const path = pathOf(call, parts)
  const rest = isObject(input) ? without(input, membersIn(call)) : input
  if (method === 'POST' || method === 'PUT' || method === 'PATCH') return { method, path, body: rest, idempotencyKey }
  const query = queryOf(call, isObject(rest) ? rest : {})
  return { method, path: query === '' ? path : `${path}?${query}`, body: undefined, idempotencyKey }
}

function pathOf(call: ServiceCall, { id, input, idempotencyKey }: RequestParts): string {
  const values: Readonly<Record<string, unknown>> = { ...(isObject(input) ? input : {}), id, idempotencyKey }
  return call.path.replaceAll(/\{([^{}]*)\}/g, (_, name) => segmentOf(call, name, values[name]))
}

/** Clients take `.` and `..` out of a path, so that the request would go elsewhere. */
function segmentOf(call: ServiceCall, name: string, value: unknown): string {
  const text = textOf(call, name, value)
  if (text !== '.' && text !== '..' && text.isWellFormed()) return encodeURIComponent(text)
  throw new IndelibleError(
    'invalid_command',
    `The request "${call.method} ${call.path}" cannot have ${shown(text)} as "${name}" in its path.`,
  )
}

function queryOf(call: ServiceCall, members: Readonly<Record<string, unknown>>): string {
  const there = Object.entries(members).filter(([, value]) => value !== undefined && value !== null)
  return new URLSearchParams(
    there.map(([name, value]): [string, string] => [name, textOf(call, name, value)]),
  ).toString()
}

function textOf({ method, path }: ServiceCall, name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new IndelibleError(
    'invalid_command',
    `The request "${method} ${path}" needs text or a number as "${name}", not ${shown(value)}.`,
  )
}

function without(members: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)))
}

function isObject(input: unknown): input is Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null && !Array.isArray(input)
}
