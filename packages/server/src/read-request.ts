// Reads the input of an operation from a request.
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { Principal } from 'indelible/operations'
import type { Place } from './http-map.ts'
import { type BodyLimits, readJson } from './json-body.ts'
import { headersMax, urlBytesMax } from './limits.ts'
import { HttpError, invalid } from './problems.ts'
import type { OperationRoute } from './routes.ts'

/** Throws `invalid_parameter`. */
export function readPrincipal(c: Context, { places }: OperationRoute): Principal {
  return valuesAt(c, places, 'principal')
}

/** Throws `invalid_parameter`, and what {@link readJson} throws. */
export async function readInput(
  c: Context,
  { map, places }: OperationRoute,
  limits: BodyLimits,
): Promise<Readonly<Record<string, unknown>>> {
  const input = valuesAt(c, places, 'input')
  return map.body === undefined ? input : { ...input, [map.body]: await readJson(c.req.raw, limits) }
}

function valuesAt(c: Context, places: readonly Place[], of: Place['of']): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {}
  for (const place of places) {
    if (place.of !== of) continue
    const value = place.listKeys ? valuesByKey(c, place) : singleValue(c, place)
    if (value === undefined) continue
    if (Object.hasOwn(values, place.parameter))
      throw invalid(place.name, `Give only one of "${place.parameter}" and "${place.name}".`)
    values[place.parameter] = value
  }
  return values
}

function singleValue(c: Context, place: Place): unknown {
  const { in: where, name } = place
  const text = where === 'path' ? c.req.param(name) : where === 'query' ? c.req.query(name) : headerText(c, name)
  return text === undefined ? undefined : place.read(text)
}

/** `where[column]=value` and `where[column][operator]=value`. Brackets, because a column may have the name of another parameter. */
function valuesByKey(c: Context, place: Place): Readonly<Record<string, unknown>> | undefined {
  const values = new Map<string, unknown>()
  for (const [parameter, text] of new URL(c.req.url).searchParams) {
    const [key, inner] = keysIn(parameter, place) ?? []
    if (key === undefined) continue
    const there = values.get(key)
    if (there !== undefined && (inner === undefined || !(there instanceof Map)))
      throw invalid(parameter, `"${parameter}" says something of ${key} a second time.`)
    if (inner === undefined) values.set(key, text)
    else values.set(key, withText((there as Map<string, unknown> | undefined) ?? new Map(), inner, { text, place }))
  }
  if (values.size === 0) return undefined
  return Object.fromEntries(
    [...values].map(([key, value]) => [key, value instanceof Map ? Object.fromEntries(value) : value]),
  )
}

function withText(
  values: Map<string, unknown>,
  key: string,
  { text, place }: { text: string; place: Place },
): Map<string, unknown> {
  const isList = place.listKeys?.includes(key)
  return values.set(key, isList ? [...((values.get(key) as readonly string[] | undefined) ?? []), text] : text)
}

function keysIn(parameter: string, { name }: Place): readonly [string, string | undefined] | undefined {
  const [, object, key, inner] = /^(\w+)\[([^[\]]+)\](?:\[([^[\]]+)\])?$/.exec(parameter) ?? []
  return object === name ? [key!, inner] : undefined
}

/** A header value has one character for each byte (https://fetch.spec.whatwg.org/#concept-header-value). These bytes are UTF-8. */
export function headerText(c: Context, name: string): string | undefined {
  const bytes = c.req.header(name)
  if (bytes === undefined) return undefined
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    throw invalid(name, `"${name}" is not UTF-8.`)
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Throws `url_too_long`, `headers_too_large`. */
export function checkSize({ req, env }: Context, { pathname, search }: URL): void {
  const bytes = pathname.length + search.length
  if (bytes > urlBytesMax)
    throw new HttpError('url_too_long', `Path and query have ${bytes} bytes; the server accepts ${urlBytesMax}.`)
  const { incoming } = (env ?? {}) as Partial<HttpBindings>
  // A list of their names would be made for this alone.
  const count = incoming ? incoming.rawHeaders.length / 2 : [...req.raw.headers.keys()].length
  if (count > headersMax)
    throw new HttpError('headers_too_large', `The request has ${count} headers; the server accepts ${headersMax}.`)
}

/** Throws `invalid_parameter` for a parameter that is not declared, so that a misspelt one is not ignored silently; and `malformed_url`. */
export function checkUrl(url: URL, places: readonly Place[]): void {
  const { pathname } = url
  try {
    decodeURIComponent(pathname)
  } catch {
    throw new HttpError('malformed_url', `"${pathname}" is not percent-encoded UTF-8.`)
  }
  if (url.search === '') return
  const inQuery = places.filter((place) => place.in === 'query')
  const placeNamed = (name: string) =>
    inQuery.find((place) => (place.listKeys ? keysIn(name, place) !== undefined : place.name === name))
  const seen = new Set<string>()
  for (const name of url.searchParams.keys()) {
    const place = placeNamed(name)
    if (!place) throw invalid(name, `This request has no parameter "${name}".`)
    if (seen.has(name) && !isListIn(name, place)) throw invalid(name, `"${name}" is given twice.`)
    seen.add(name)
  }
}

function isListIn(name: string, place: Place): boolean {
  const [, inner] = keysIn(name, place) ?? []
  return inner !== undefined && place.listKeys?.includes(inner) === true
}
