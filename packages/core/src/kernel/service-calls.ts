// The requests of an activity as they are declared, and what the schema of its input says about them: whatever they name is there, and nothing gets lost.
import { outputJsonSchema, type Schema } from './schemas.ts'

/** A request as it is declared. Members in braces are put into the path: `{id}`, `{idempotencyKey}`, or a member of the input. */
export interface ServiceCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
}

/** Undefined if it is none. */
export function serviceCall(text: unknown): ServiceCall | undefined {
  const form = /^(GET|POST|PUT|PATCH|DELETE) (\/(?:[^\s?#{}]|\{[^\s?#{}]+\})*)$/
  const [, method, path] = form.exec(String(text)) ?? []
  return method === undefined ? undefined : { method: method as ServiceCall['method'], path: path! }
}

export function textOfCall({ method, path }: ServiceCall): string {
  return `${method} ${path}`
}

/** A request with these methods has no body: what is not in its path is in its query. */
export function hasQuery({ method }: ServiceCall): boolean {
  return method === 'GET' || method === 'DELETE'
}

/** The members of the input that a path names. */
export function inputMembersIn({ path }: ServiceCall): readonly string[] {
  return [...path.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!).filter((name) => !given.includes(name))
}

/** What a path may name besides. */
const given: readonly string[] = ['id', 'idempotencyKey']

/** What is wrong with the path of a request, after the name of the activity; undefined also where the schema does not say. */
export function faultOfPath(input: Schema, call: ServiceCall): string | undefined {
  const known = membersOf(outputJsonSchema(input))
  if (!known) return undefined
  for (const name of inputMembersIn(call)) {
    if (known.isOpen || Object.hasOwn(known.properties, name)) continue
    const has = Object.keys(known.properties).join(', ') || 'no members'
    return `has {${name}} in the path of "${textOfCall(call)}", but its input has ${has}. A path may have these, {id} and {idempotencyKey}.`
  }
  return faultOfMembers(inputMembersIn(call), { known, call, place: 'path' })
}

/** What is wrong with a request that carries the input. */
export function faultOfCall(input: Schema, call: ServiceCall): string | undefined {
  const known = membersOf(outputJsonSchema(input))
  if (!known || !hasQuery(call)) return faultOfPath(input, call)
  if (!known.isObject)
    return `makes the request "${textOfCall(call)}", whose query has the members of the input, but its input is not an object. Use an object, or POST.`
  const inPath = inputMembersIn(call)
  const inQuery = Object.keys(known.properties).filter((name) => !inPath.includes(name))
  return faultOfPath(input, call) ?? faultOfMembers(inQuery, { known, call, place: 'query' })
}

interface Members {
  readonly isObject: boolean
  /** There may be others than the properties. */
  readonly isOpen: boolean
  readonly properties: Readonly<Record<string, JsonSchema>>
}

type JsonSchema = Readonly<Record<string, unknown>>

/** What a JSON Schema says about members; undefined where it leaves that open. */
function membersOf(schema: JsonSchema): Members | undefined {
  const alternatives = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined
  if (alternatives) {
    const each = alternatives.flatMap((one) => membersOf(one) ?? [])
    if (each.length < alternatives.length) return undefined
    return {
      isObject: each.some(({ isObject }) => isObject),
      isOpen: each.some(({ isOpen }) => isOpen),
      properties: Object.assign({}, ...each.map(({ properties }) => properties)),
    }
  }
  const { type, properties = {}, additionalProperties } = schema
  // Nothing is lost of null.
  if (typeof type !== 'string' || type === 'null') return undefined
  const isObject = type === 'object'
  return {
    isObject,
    isOpen: isObject && additionalProperties !== false,
    properties: properties as Members['properties'],
  }
}

function faultOfMembers(
  names: readonly string[],
  { known, call, place }: { readonly known: Members; readonly call: ServiceCall; readonly place: 'path' | 'query' },
): string | undefined {
  const name = names.find((each) => ['object', 'array'].includes(known.properties[each]?.type as string))
  if (name === undefined) return undefined
  const other = place === 'query' ? 'Use POST, or other members.' : 'Use another member.'
  return `puts "${name}" of its input into the ${place} of "${textOfCall(call)}", where only text, numbers and booleans can be. ${other}`
}
