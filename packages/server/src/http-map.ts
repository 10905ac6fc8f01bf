// How HTTP carries an operation: method, path, and where each parameter stands. The operation itself knows nothing of HTTP.

import { type Operation, type OperationDescription, type Parameter, principalParameters } from 'indelible/operations'
import type { JsonSchema } from 'indelible/schema'
import { invalid } from './problems.ts'

/** The map of one operation. A parameter stands in the path if the path names it, else in the query, unless the map says otherwise. */
export interface HttpMap<Result = unknown> {
  readonly method: 'GET' | 'POST'
  /** In the syntax of OpenAPI: `/streams/{stream}`. */
  readonly path: string
  /** The parameters that stand in headers, with the name of the header or its form. */
  readonly headers?: Readonly<Record<string, string | Form>>
  /** Second places of parameters. A request gives only one of them. */
  readonly aliases?: Readonly<Record<string, Form>>
  /** The parameters that stand in the query as `name[key]=value` or `name[key][key]=value`, with the keys that are given once for each value. */
  readonly byKey?: Readonly<Record<string, readonly string[]>>
  /** The parameter that is the body. */
  readonly body?: string
  /** Headers of the response, computed from the result. */
  readonly answerHeaders?: Readonly<Record<string, (result: Result) => string | undefined>>
  /** The status of a result, 200 by default, and what each status besides 200 means. */
  readonly status?: (result: Result) => number
  readonly otherStatuses?: Readonly<Record<number, string>>
  /** The response, if it is not just the result. */
  readonly answer?: (result: Result, input: Readonly<Record<string, unknown>>) => Response
  /** Its description, by status, and the definitions that it refers to. */
  readonly answers?: (described: OperationDescription) => Readonly<Record<number, Answer>>
  readonly definitions?: (described: OperationDescription) => Readonly<Record<string, JsonSchema>>
  /** A request that waits ends when the server closes. The client asks again. */
  readonly endsWithServer?: boolean
  /** The statuses of problems of the transport itself, such as a body that is too large. */
  readonly problems?: readonly number[]
}

/** A header whose text differs from the text of its parameter. */
export interface Form {
  readonly name: string
  readonly description?: string
  readonly schema?: JsonSchema
  /** Throws `invalid_parameter`. */
  readonly read?: (text: string) => unknown
  readonly write?: (value: unknown) => string
}

/** The description of a response. */
export interface Answer {
  readonly description: string
  /** `application/json` by default. */
  readonly contentType?: string
  readonly schema: JsonSchema
  readonly headers?: readonly string[]
}

/** One place of a parameter in a request. */
export interface Place {
  /** The name of the parameter in the operation, or in the principal. */
  readonly parameter: string
  readonly of: 'input' | 'principal'
  readonly in: 'path' | 'query' | 'header'
  /** The name in the request. */
  readonly name: string
  /** Undefined if the parameter is not given by key; else the keys that are given once for each value. */
  readonly listKeys: readonly string[] | undefined
  readonly isAlias: boolean
  readonly description: string | undefined
  readonly schema: JsonSchema | undefined
  /** Throws `invalid_parameter`, which has the name in the request. */
  read(text: string): unknown
  write(value: unknown): string
}

/** The header of the principal's members. */
export const principalHeaders: Readonly<Record<keyof typeof principalParameters, string>> = { actor: 'X-Actor' }

/** All places of the parameters of an operation, except the body. */
export function placesOf({ parameters, recordsPrincipal }: Operation, map: HttpMap): readonly Place[] {
  const { path, headers = {}, aliases = {}, byKey = {}, body } = map
  const places = Object.entries(parameters).flatMap(([name, parameter]): Place[] => {
    if (name === body) return []
    const header = headers[name]
    const own = header
      ? placeOf(name, parameter, 'header', typeof header === 'string' ? { name: header } : header)
      : placeOf(name, parameter, path.includes(`{${name}}`) ? 'path' : 'query', { name })
    const alias = aliases[name]
    const others = alias ? [{ ...placeOf(name, parameter, 'header', alias), isAlias: true }] : []
    return [{ ...own, listKeys: byKey[name] }, ...others]
  })
  if (!recordsPrincipal) return places
  const principal = Object.entries(principalParameters).map(([name, parameter]): Place => {
    const header = principalHeaders[name as keyof typeof principalParameters]
    return { ...placeOf(name, parameter, 'header', { name: header }), of: 'principal' }
  })
  return [...places, ...principal]
}

function placeOf(parameter: string, declared: Parameter, where: Place['in'], form: Form): Place {
  const { name, description, schema, read, write = String } = form
  return {
    parameter,
    of: 'input',
    in: where,
    name,
    listKeys: undefined,
    isAlias: false,
    description,
    schema,
    read: (text) => declared.parse(read ? read(text) : declared.fromText(text), name),
    write,
  }
}

/** The path with these values for its parameters; the others remain in braces. */
export function filledPath(path: string, values: Readonly<Record<string, unknown>>): string {
  return path.replace(/\{(\w+)\}/g, (braces, name) =>
    values[name] === undefined ? braces : encodeURIComponent(String(values[name])),
  )
}

/** The form of a version in If-Match: in quotes. */
export const versionInQuotes: Form = {
  name: 'If-Match',
  description:
    'The command is carried out only if the aggregate is at this version: its number in quotes, "0" if the aggregate must not exist yet.',
  schema: { type: 'string', pattern: '^"\\d+"$', examples: ['"3"'] },
  read(text) {
    const version = Number(/^"(\d{1,16})"$/.exec(text)?.[1] ?? Number.NaN)
    if (Number.isSafeInteger(version)) return version
    throw invalid('If-Match', `If-Match is one version in quotes, such as "3", not ${text}.`)
  },
  write: (version) => `"${version}"`,
}
