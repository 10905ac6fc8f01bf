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

/** Throws `invalid_command` where a member of the path is missing, or cannot be put into a path or query. */
export function requestOf(call: ServiceCall, { id, input, idempotencyKey }: RequestParts): ServiceRequest {
  const members = isObject(input) ? input : {}
  const named = membersIn(call)
  const values: Readonly<Record<string, unknown>> = { ...members, id, idempotencyKey }
  const path = call.path.replaceAll(/\{([^{}]*)\}/g, (_, name) => encodeURIComponent(textOf(call, name, values[name])))
  const { method } = call
  if (method === 'POST' || method === 'PUT' || method === 'PATCH') {
    const body = isObject(input) ? without(members, named) : input
    return { method, path, body, idempotencyKey }
  }
  const rest = Object.entries(without(members, named)).filter(([, value]) => value !== undefined && value !== null)
  const query = new URLSearchParams(
    rest.map(([name, value]): [string, string] => [name, textOf(call, name, value)]),
  ).toString()
  return { method, path: query === '' ? path : `${path}?${query}`, body: undefined, idempotencyKey }
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
