// `GET /openapi.json`: the HTTP contract of this very system, written from the routes and the declaration, so that it cannot lag behind them.
import { errorCodes, type System } from 'indelible'
import { json, positionHeader } from './answers.ts'
import { asComponent } from './json-schemas.ts'
import type { Parameter } from './parameters.ts'
import { errorType, httpErrors, statusOf } from './problems.ts'
import { type Answer, type Operation, type Route, schemaName, schemaRef } from './route.ts'

/** Any route may fail in these ways. */
const problemsAnywhere = [403, 500, 503]

export function openApiRoute(system: System, routes: () => readonly Route[], apiVersion: string): Route {
  let document: object | undefined
  return {
    method: 'GET',
    path: '/openapi.json',
    parameters: [],
    async handle() {
      document ??= openApiDocument(system, routes(), apiVersion)
      return json(document)
    },
    operations: [
      {
        path: '/openapi.json',
        tag: 'system',
        summary: 'This document',
        answers: { 200: { description: 'OpenAPI 3.1.', schema: { type: 'object' } } },
        problems: [],
      },
    ],
  }
}

function openApiDocument({ name }: System, routes: readonly Route[], apiVersion: string): object {
  const operations = routes.flatMap((route) => route.operations.map((operation) => ({ route, operation })))
  const paths: Record<string, Record<string, object>> = {}
  const schemas: Record<string, object> = { Problem: problemSchema }
  for (const { route, operation } of operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [route.method.toLowerCase()]: operationObject(route, operation),
    }
    for (const [each, schema] of Object.entries(operation.schemas ?? {})) {
      schemas[schemaName(each)] = asComponent(each, schema)
    }
  }
  const statuses = new Set([...problemsAnywhere, ...operations.flatMap(({ operation }) => operation.problems)])
  const responses = Object.fromEntries(
    [...statuses].sort().map((status) => [`Problem${status}`, problemResponse(status)]),
  )
  return { openapi: '3.1.1', info: { title: name, version: apiVersion }, paths, components: { schemas, responses } }
}

function operationObject({ method, parameters }: Route, operation: Operation): object {
  const { path, tag, summary, description, extraParameters = [], body, answers, problems } = operation
  const inPath = ({ in: place, name }: Parameter) => place !== 'path' || path.includes(`{${name}}`)
  const problemRefs = [...problems, ...problemsAnywhere].map((status) => [
    status,
    { $ref: `#/components/responses/Problem${status}` },
  ])
  const answerObjects = Object.entries(answers).map(([status, answer]) => [status, answerObject(answer)])
  return {
    operationId: `${method} ${path}`.replace(/\W+/g, '_').toLowerCase(),
    tags: [tag],
    summary,
    ...(description ? { description } : {}),
    parameters: [...parameters.filter(inPath).map(parameterObject), ...extraParameters],
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    responses: { ...Object.fromEntries(problemRefs), ...Object.fromEntries(answerObjects) },
  }
}

function parameterObject({ name, in: place, description, schema }: Parameter): object {
  return { name, in: place, description, schema, ...(place === 'path' ? { required: true } : {}) }
}

function answerObject({ description, contentType = 'application/json', schema, headers = [] }: Answer): object {
  return {
    description,
    ...(headers.length > 0 ? { headers: Object.fromEntries(headers.map((name) => [name, headerObjects[name]])) } : {}),
    content: { [contentType]: { schema } },
  }
}

const headerObjects: Readonly<Record<string, object>> = {
  [positionHeader]: { description: 'How far this answer reaches in the log.', schema: { type: 'integer' } },
  ETag: { description: 'The version of the aggregate, for If-Match.', schema: { type: 'string' } },
}

function problemResponse(status: number): object {
  return {
    description: meaningsOf(status),
    content: { 'application/problem+json': { schema: schemaRef('Problem') } },
  }
}

/** Every type of problem that comes with a status, and what it means. */
function meaningsOf(status: number): string {
  const core = Object.entries(errorCodes).filter(([code]) => statusOf[code as keyof typeof errorCodes] === status)
  const own = Object.entries(httpErrors).filter(([, each]) => each.status === status)
  const lines = [...core, ...own].map(
    ([code, { meaning }]) => `- \`${errorType(code as keyof typeof errorCodes)}\`: ${meaning}`,
  )
  const refusal = '- `urn:indelible:refusal:<reason>`: The domain refused the command; `reason` and `details` say why.'
  return [...(status === 422 ? [refusal] : []), ...lines].join('\n')
}

const problemSchema = {
  description: 'A problem document (RFC 9457). Tell problems apart by type.',
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    retryable: { type: 'boolean', description: 'Whether the same request may succeed when it is made again.' },
    reason: { type: 'string', description: 'Why the domain refused.' },
    details: { type: 'object', description: 'What a program may want to read.' },
    stream: { type: 'string' },
    version: { type: 'integer', description: 'The version that the stream is at.' },
  },
}
