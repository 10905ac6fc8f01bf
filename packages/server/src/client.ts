// The other end of the routes: the request for an operation, and the result in its response. Both ends use the same maps.
import { type ErrorCode, errorCodes, IndelibleError } from 'indelible'
import type { Call, Operation, OperationName } from 'indelible/operations'
import { feedContentType } from './feed-connection.ts'
import { filledPath, type Place } from './http-map.ts'
import { errorTypePrefix } from './problems.ts'
import { routeOf } from './routes.ts'

/** A request to the HTTP API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query, relative to the URL of the API. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** The request that asks for an operation. */
export function requestOf<Input extends object>(
  operation: Operation<Input, unknown>,
  input: Input,
  { principal = {}, traceparent }: Pick<Call, 'principal' | 'traceparent'> = {},
): ApiRequest {
  const { map, places } = routeOf(operation.name as OperationName)
  const values = { input, principal } as Record<Place['of'], Readonly<Record<string, unknown>>>
  const query = new URLSearchParams()
  const headers: Record<string, string> = {
    ...(operation.isLive ? { Accept: feedContentType } : {}),
    ...(traceparent === undefined ? {} : { traceparent }),
  }
  for (const place of places.filter(({ isAlias }) => !isAlias)) {
    const value = values[place.of][place.parameter]
    if (value === undefined) continue
    if (place.in === 'header') headers[place.name] = Buffer.from(place.write(value)).toString('latin1')
    else if (place.listKeys) addByKey(query, place.name, value as object)
    else if (place.in === 'query') query.set(place.name, place.write(value))
  }
  const path = filledPath(map.path, values.input)
  const search = query.size === 0 ? '' : `?${query}`
  if (map.body === undefined) return { method: map.method, path: path + search, headers, body: undefined }
  headers['Content-Type'] = 'application/json'
  return { method: map.method, path: path + search, headers, body: JSON.stringify(values.input[map.body]) }
}

function addByKey(query: URLSearchParams, name: string, values: object): void {
  for (const [key, value] of Object.entries(values)) {
    if (Array.isArray(value)) for (const each of value) query.append(`${name}[${key}]`, String(each))
    else if (typeof value === 'object' && value !== null) addByKey(query, `${name}[${key}]`, value)
    else query.append(`${name}[${key}]`, String(value))
  }
}

/** The result in the JSON body of a response with success. */
export function resultOf<Result>({ paging, parameters }: Operation<never, Result>, body: unknown): Result {
  if (!paging) return body as Result
  const { next } = body as { readonly next: string | null }
  if (next === null) return body as Result
  const text = new URL(next, 'http://localhost').searchParams.get(paging.parameter)!
  return { ...(body as object), next: parameters[paging.parameter]!.fromText(text) } as Result
}

/** The error that a problem document stands for; undefined if the document is not about an error of ours. */
export function errorOf(
  problem: unknown,
): IndelibleError | { readonly code: string; readonly message: string } | undefined {
  const { type, title, detail, details } = (problem ?? {}) as Readonly<Record<string, unknown>>
  if (typeof type !== 'string' || !type.startsWith(errorTypePrefix)) return undefined
  const code = type.slice(errorTypePrefix.length)
  // Without details the server hides the cause. Its title says what kind of error it was.
  const message = details === undefined ? `${title} ${detail}` : String(detail)
  if (!Object.hasOwn(errorCodes, code)) return { code, message }
  return new IndelibleError(code as ErrorCode, message, details ? { details: details as Record<string, unknown> } : {})
}
