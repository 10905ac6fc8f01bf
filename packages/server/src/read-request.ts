// Reads the input of an operation from a request.
import type { Context } from 'hono'
import type { Principal } from 'indelible/operations'
import type { Place } from './http-map.ts'
import { readJson } from './json-body.ts'
import { HttpError, invalid } from './problems.ts'
import type { OperationRoute } from './routes.ts'

export interface ReadRequest {
  readonly input: Readonly<Record<string, unknown>>
  readonly principal: Principal
}

/** Throws `invalid_parameter`, and what {@link readJson} throws. */
export async function readRequest(
  c: Context,
  { map, places }: OperationRoute,
  { bodyBytesMax }: { bodyBytesMax: number },
): Promise<ReadRequest> {
  const read: Record<Place['of'], Record<string, unknown>> = { input: {}, principal: {} }
  for (const place of places) {
    const value = place.isByKey ? valuesByKey(c, place) : singleValue(c, place)
    if (value === undefined) continue
    const values = read[place.of]
    if (Object.hasOwn(values, place.parameter))
      throw invalid(place.name, `Give only one of "${place.parameter}" and "${place.name}".`)
    values[place.parameter] = value
  }
  const body = map.body === undefined ? {} : { [map.body]: await readJson(c.req.raw, bodyBytesMax) }
  return { input: { ...read.input, ...body }, principal: read.principal }
}

function singleValue(c: Context, place: Place): unknown {
  const { in: where, name } = place
  const text = where === 'path' ? c.req.param(name) : where === 'query' ? c.req.query(name) : headerText(c, name)
  return text === undefined ? undefined : place.read(text)
}

/** `where[column]=value`. Brackets, because a column may have the name of another parameter. */
function valuesByKey(c: Context, place: Place): Readonly<Record<string, string>> | undefined {
  const entries = [...new URL(c.req.url).searchParams].flatMap(([parameter, text]): [string, string][] => {
    const key = keyIn(parameter, place)
    return key === undefined ? [] : [[key, text]]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function keyIn(parameter: string, { name }: Place): string | undefined {
  const [, object, key] = /^(\w+)\[(.+)\]$/.exec(parameter) ?? []
  return object === name ? key : undefined
}

/** A header value has one character for each byte (https://fetch.spec.whatwg.org/#concept-header-value). These bytes are UTF-8. */
function headerText(c: Context, name: string): string | undefined {
  const bytes = c.req.header(name)
  if (bytes === undefined) return undefined
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    throw invalid(name, `"${name}" is not UTF-8.`)
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Throws `invalid_parameter` for a parameter that is not declared, so that a misspelt one is not ignored silently; and `malformed_url`. */
export function checkUrl({ req }: Context, places: readonly Place[]): void {
  const { pathname, searchParams } = new URL(req.url)
  try {
    decodeURIComponent(pathname)
  } catch {
    throw new HttpError('malformed_url', `"${pathname}" is not percent-encoded UTF-8.`)
  }
  const inQuery = places.filter((place) => place.in === 'query')
  const isDeclared = (name: string) =>
    inQuery.some((place) => (place.isByKey ? keyIn(name, place) !== undefined : place.name === name))
  const seen = new Set<string>()
  for (const name of searchParams.keys()) {
    if (!isDeclared(name)) throw invalid(name, `This request has no parameter "${name}".`)
    if (seen.has(name)) throw invalid(name, `"${name}" is given twice.`)
    seen.add(name)
  }
}
