// `GET /openapi.json`: the HTTP contract of a system. It is made from the description of the system and the maps of the operations, so it is never outdated.
import { errorCodes } from 'indelible'
import { type OperationDescription, operations } from 'indelible/operations'
import type { JsonSchema } from 'indelible/schema'
import { json, positionHeader } from './answers.ts'
import type { Contents } from './home.ts'
import { type Answer, filledPath, type Place } from './http-map.ts'
import type { OwnPage } from './own-page.ts'
import { errorType, httpErrors, problemRef, problemSchema, statusOf } from './problems.ts'
import { routeOf } from './routes.ts'

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

export function openApiDocument({ name, described, ownPages, identities }: Contents, apiVersion: string): object {
  const paths: Record<string, Record<string, object>> = {}
  const statuses = new Set([statusOf.invalid_parameter, ...problemsAnywhere])
  for (const each of described.operations) {
    const { map } = routeOf(each.operation)
    const path = filledPath(map.path, each.given)
    const problems = problemsOf(each)
    for (const status of problems) statuses.add(status)
    paths[path] = { ...paths[path], [map.method.toLowerCase()]: operationObject(each, { path, problems }) }
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
  return withComponents(document) as object
}

/** References to definitions become references to components. */
function withComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withComponents)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const isReference = key === '$ref' && typeof part === 'string'
      return [key, isReference ? part.replace(/^#\/\$defs\//, '#/components/schemas/') : withComponents(part)]
    }),
  )
}

/** The statuses with a problem document, besides those of every request. */
function problemsOf({ operation, refusals }: OperationDescription): readonly number[] {
  const { map } = routeOf(operation)
  return [...new Set([...refusals.map((code) => statusOf[code]), ...(map.problems ?? [])])]
}

function operationObject(
  described: OperationDescription,
  { path, problems }: { path: string; problems: readonly number[] },
): object {
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
    parameters: ordered.map((place) => parameterObject(place, described)),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    responses: { ...problemRefs(problems), ...answerObjects(answersOf(described)) },
  }
}

function operationId(method: string, path: string): string {
  return `${method} ${path}`.replace(/\W+/g, '_').toLowerCase()
}

function parameterObject(place: Place, { parameters, principal }: OperationDescription): object {
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
  const { paging } = operations[described.operation]
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

/** Over HTTP, `next` is the link to the next page. */
function withLink(schema: JsonSchema): JsonSchema {
  const next = { type: ['string', 'null'], format: 'uri-reference', description: 'The link to the next page.' }
  return { ...schema, properties: { ...(schema.properties as object), next } }
}

function pageObject({ path, summary, answer }: OwnPage): object {
  const responses = { ...problemRefs([statusOf.invalid_parameter]), ...answerObjects({ 200: answer }) }
  return { operationId: operationId('GET', path), tags: ['system'], summary, parameters: [], responses }
}

function problemRefs(problems: readonly number[]): object {
  const statuses = [...problems, ...problemsAnywhere]
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]))
}

function answerObjects(answers: Readonly<Record<number, Answer>>): object {
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
