// `GET /openapi.json`: the HTTP contract of a system. It is made from the description of the system and the maps of the operations, so it is never outdated.
import { errorCodes } from 'indelible'
import { type OperationDescription, operations } from 'indelible/operations'
import type { JsonSchema } from 'indelible/schema'
import { json, positionHeader } from './answers.ts'
import { feedContentType } from './feed-connection.ts'
import type { Contents } from './home.ts'
import { type Answer, filledPath, type Place } from './http-map.ts'
import type { OwnPage } from './own-page.ts'
import { errorType, httpErrors, problemRef, problemSchema, statusOf } from './problems.ts'
import { routeOf } from './routes.ts'
import { pathAt, type Stand } from './served.ts'

/** Any request may fail in these ways. */
const problemsAnywhere = [401, 403, 413, 414, 429, 431, 500, 503, 504]

const bearerScheme = {
  type: 'http',
  scheme: 'bearer',
  description: 'An API key, or a token of a provider that this server knows.',
}

export function openApiPage(contents: () => Contents, apiVersion: string): OwnPage {
  let document: object | undefined
  return {
    path: '/openapi.json',
    needs: { verb: 'any' },
    summary: 'This document',
    answer: { description: 'OpenAPI 3.1.', schema: { type: 'object' } },
    async handle() {
      document ??= openApiDocument(contents(), apiVersion)
      return json(document)
    },
  }
}

export function openApiDocument(contents: Contents, apiVersion: string): object {
  const { name, described, standsOf, ownPages, identities } = contents
  const paths: Record<string, Record<string, object>> = {}
  const statuses = new Set([statusOf.invalid_parameter, ...problemsAnywhere])
  for (const each of described.operations) {
    for (const stand of standsOf(operations[each.operation])) {
      const { map } = routeOf(each.operation)
      const path = pathAt(stand, filledPath(map.path, each.given))
      const problems = problemsOf(each, stand)
      for (const status of problems) statuses.add(status)
      const method = map.method.toLowerCase()
      const object = operationObject(each, { path, problems, stand })
      const there = paths[path]?.[method] as OperationObject | undefined
      paths[path] = { ...paths[path], [method]: there ? together(there, object) : object }
    }
  }
  for (const page of ownPages) paths[page.path] = { get: pageObject(page) }
  const definitions = described.operations.map((each) => routeOf(each.operation).map.definitions?.(each))
  const schemas = Object.assign({ Problem: problemSchema }, described.definitions, ...definitions)
  const responses = Object.fromEntries(
    [...statuses].sort().map((status) => [`Problem${status}`, problemResponse(status)]),
  )
  const usesCertificate = identities.some((identity) => identity.usesCertificate)
  const schemes = { bearer: bearerScheme, ...(usesCertificate ? { certificate: { type: 'mutualTLS' } } : {}) }
  const document = {
    openapi: '3.1.1',
    info: { title: name, version: apiVersion },
    paths,
    ...(identities.length > 0 ? { security: Object.keys(schemes).map((scheme) => ({ [scheme]: [] })) } : {}),
    components: { schemas, responses, ...(identities.length > 0 ? { securitySchemes: schemes } : {}) },
  }
  return forGenerators(document) as object
}

/**
 * References to definitions become references to components. An object of which nothing is said may have any members: JSON Schema says that by silence,
 * which generators of clients read as "no members".
 */
function forGenerators(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forGenerators)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, part]) => {
    const isReference = key === '$ref' && typeof part === 'string'
    return [key, isReference ? part.replace(/^#\/\$defs\//, '#/components/schemas/') : forGenerators(part)]
  })
  return Object.fromEntries(isOpenObject(value) ? [...entries, ['additionalProperties', true]] : entries)
}

function isOpenObject(schema: object): boolean {
  const { type } = schema as JsonSchema
  const isObject = type === 'object' || (Array.isArray(type) && type.includes('object'))
  return (
    isObject && !['properties', 'additionalProperties', 'patternProperties'].some((key) => Object.hasOwn(schema, key))
  )
}

/** The statuses with a problem document, besides those of every request. */
function problemsOf({ operation, refusals }: OperationDescription, stand: Stand): readonly number[] {
  const { map } = routeOf(operation)
  const codes = stand === 'tenant' ? [...refusals, ...tenantRefusals] : refusals
  return [...new Set([...codes.map((code) => statusOf[code]), ...(map.problems ?? [])])]
}

/** Of every request to a tenant. */
const tenantRefusals = ['invalid_tenant_name', 'unknown_tenant', 'tenants_busy'] as const

const tenantParameter = {
  name: 'tenant',
  in: 'path',
  description: 'The name of the tenant.',
  schema: { type: 'string' },
  required: true,
}

function operationObject(
  described: OperationDescription,
  { path, problems, stand }: { path: string; problems: readonly number[]; stand: Stand },
): OperationObject {
  const { operation, group, summary, description, parameters, given } = described
  const { map, places } = routeOf(operation)
  const open = places.filter(({ parameter, of }) => of === 'principal' || !Object.hasOwn(given, parameter))
  const body = map.body === undefined ? undefined : parameters[map.body]?.schema
  const ordered = ['path', 'query', 'header'].flatMap((where) => open.filter((place) => place.in === where))
  return {
    operationId: operationId(map.method, path),
    tags: [group],
    summary,
    ...(description === null ? {} : { description }),
    parameters: [
      ...(stand === 'tenant' ? [tenantParameter] : []),
      ...ordered.map((place) => parameterObject(place, described)),
    ],
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    responses: { ...problemRefs(problems), ...answerObjects(answersOf(described)) },
  }
}

/** A page and the feed of the same path: the client chooses by Accept. */
function together(page: OperationObject, feed: OperationObject): OperationObject {
  const isThere = (name: string) => page.parameters.some((each) => each.name === name)
  const both = (status: string) => {
    const [one, other] = [page.responses[status], feed.responses[status]]
    return one?.content && other?.content ? { ...one, content: { ...one.content, ...other.content } } : (one ?? other)!
  }
  const statuses = Object.keys({ ...page.responses, ...feed.responses })
  return {
    ...page,
    summary: `${page.summary}; with Accept: ${feedContentType} ${lowerFirst(feed.summary)}`,
    parameters: [...page.parameters, ...feed.parameters.filter(({ name }) => !isThere(name))],
    responses: Object.fromEntries(statuses.map((status) => [status, both(status)])),
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

interface ParameterObject extends Readonly<Record<string, unknown>> {
  readonly name: string
}

interface OperationObject {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly parameters: readonly ParameterObject[]
  readonly responses: Readonly<Record<string, { readonly content?: object; readonly $ref?: string }>>
}

function operationId(method: string, path: string): string {
  return `${method} ${path}`.replace(/\W+/g, '_').toLowerCase()
}

function parameterObject(place: Place, { parameters, principal }: OperationDescription): ParameterObject {
  const declared = (place.of === 'principal' ? principal : parameters)[place.parameter]!
  const schema = place.schema ?? declared.schema
  return {
    name: place.name,
    in: place.in,
    description: place.description ?? declared.description,
    ...styleOf(place, schema),
    schema,
    ...(place.in === 'path' ? { required: true } : {}),
  }
}

/** How a parameter with several values is written: `where[column]=value`, or `orderBy=one,two`. */
function styleOf({ listKeys }: Place, { type }: JsonSchema): object {
  if (listKeys) return { style: 'deepObject', explode: true }
  return type === 'array' ? { style: 'form', explode: false } : {}
}

/** The responses without a problem, by status. */
function answersOf(described: OperationDescription): Readonly<Record<number, Answer>> {
  const { map } = routeOf(described.operation)
  if (map.answers) return map.answers(described)
  const { description, schema } = described.result
  const { paging, isLive } = operations[described.operation]
  if (isLive) return { 200: feedAnswer(described.result) }
  const answer = {
    description,
    schema: paging ? withLink(schema) : schema,
    headers: Object.keys(map.answerHeaders ?? {}),
  }
  const others = Object.entries(map.otherStatuses ?? {}).map(([status, meaning]) => [
    status,
    { ...answer, description: meaning },
  ])
  return { 200: answer, ...Object.fromEntries(others) }
}

/** OpenAPI 3.1 has no schema for single messages. `x-message-schema` is the one that the operation has. */
function feedAnswer({ description, schema }: OperationDescription['result']): Answer {
  const text = 'Server-sent events: id is the position, event the kind, data the JSON of the data.'
  return {
    description,
    contentType: feedContentType,
    schema: { type: 'string', description: text, 'x-message-schema': schema },
  }
}

/** Over HTTP, `next` is the link to the next page. */
function withLink(schema: JsonSchema): JsonSchema {
  const next = { type: ['string', 'null'], format: 'uri-reference', description: 'The link to the next page.' }
  return { ...schema, properties: { ...(schema.properties as object), next } }
}

function pageObject({ path, summary, answer }: OwnPage): object {
  const responses = { ...problemRefs([statusOf.invalid_parameter]), ...answerObjects({ 200: answer }) }
  return { operationId: operationId('GET', path), tags: ['system'], summary, parameters: [], responses }
}

function problemRefs(problems: readonly number[]): OperationObject['responses'] {
  const statuses = [...problems, ...problemsAnywhere]
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]))
}

function answerObjects(answers: Readonly<Record<number, Answer>>): OperationObject['responses'] {
  return Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerObject(answer)]))
}

function answerObject({ description, contentType = 'application/json', schema, headers = [] }: Answer): object {
  return {
    description,
    ...(headers.length > 0 ? { headers: Object.fromEntries(headers.map((name) => [name, headerObjects[name]])) } : {}),
    content: { [contentType]: { schema } },
  }
}

const headerObjects: Readonly<Record<string, object>> = {
  [positionHeader]: {
    description: 'The response includes everything up to this position of the log.',
    schema: { type: 'integer' },
  },
  ETag: { description: 'The version of the aggregate, for If-Match.', schema: { type: 'string' } },
}

function problemResponse(status: number): object {
  return {
    description: meaningsOf(status),
    content: { 'application/problem+json': { schema: problemRef } },
  }
}

/** Every type of problem with a status, and what it means. */
function meaningsOf(status: number): string {
  const core = Object.entries(errorCodes).filter(([code]) => statusOf[code as keyof typeof errorCodes] === status)
  const own = Object.entries(httpErrors).filter(([, each]) => each.status === status)
  const lines = [...core, ...own].map(
    ([code, { meaning }]) => `- \`${errorType(code as keyof typeof errorCodes)}\`: ${meaning}`,
  )
  const refusal = '- `urn:indelible:refusal:<reason>`: The domain refused the command; `reason` and `details` say why.'
  return [...(status === 422 ? [refusal] : []), ...lines].join('\n')
}
