// `POST /commands/{category}/{id}/{command}`: the only way in. The body is the input, the headers are what travels with it.
import type { Context } from 'hono'
import {
  type AnyCommandType,
  type CommandOutcome,
  IndelibleError,
  type RunningSystem,
  type SendOptions,
  type System,
  type Version,
} from 'indelible'
import { type JsonSchema, jsonSchemaOf } from 'indelible/schema'
import { category, id } from './aggregates.ts'
import { json, positionHeader } from './answers.ts'
import { readJson } from './json-body.ts'
import { recordedHeaderBytesMax } from './limits.ts'
import { given, invalid, type Parameter, read, text } from './parameters.ts'
import { HttpError, problem } from './problems.ts'
import { type Operation, type Route, schemaRef } from './route.ts'

type Accepted = CommandOutcome & { status: 'accepted' }
type Refused = CommandOutcome & { status: 'refused' }

const command = text('command', { in: 'path', description: 'The name of the command.' })
const idempotencyKey = text('Idempotency-Key', {
  in: 'header',
  bytesMax: recordedHeaderBytesMax,
  description:
    'The command id. A command that is sent again with the same key is not carried out again: it gets the first outcome.',
})
export const actor = text('X-Actor', {
  in: 'header',
  bytesMax: recordedHeaderBytesMax,
  description:
    'Who asks, recorded as given. Nothing here checks it: a proxy that you trust must authenticate the caller and set this header itself. ' +
    'Authentication comes in a later version.',
})
const correlationId = text('X-Correlation-Id', {
  in: 'header',
  bytesMax: recordedHeaderBytesMax,
  description: 'Shared by everything that one request sets in motion. The command id when left out.',
})
const validAt = text('X-Valid-At', {
  in: 'header',
  description: 'When the events are true in the world, if not now: a day or an RFC 3339 date-time.',
})
const traceparent: Parameter<string | undefined> = {
  name: 'traceparent',
  in: 'header',
  description: 'W3C Trace Context, recorded with the events. A malformed one is ignored, as that standard asks.',
  schema: { type: 'string' },
  parse: (value) => (isTraceparent(value) ? value : undefined),
}
const ifMatch: Parameter<Version> = {
  name: 'If-Match',
  in: 'header',
  description: 'Only if the aggregate is at this version: its number in quotes, "0" where it must not exist yet.',
  schema: { type: 'string', pattern: '^"\\d+"$', examples: ['"3"'] },
  parse: (value) => {
    const version = Number(/^"(\d{1,16})"$/.exec(value)?.[1] ?? Number.NaN)
    if (Number.isSafeInteger(version)) return version
    throw invalid('If-Match', `If-Match is one version in quotes, such as "3", not ${value}.`)
  },
}

export function commandRoute(running: RunningSystem, { bodyBytesMax }: { bodyBytesMax: number }): Route {
  return {
    method: 'POST',
    path: '/commands/{category}/{id}/{command}',
    parameters: [category, id, command, idempotencyKey, actor, correlationId, validAt, traceparent, ifMatch],
    async handle(c) {
      const target = { category: read(c, category)!, id: read(c, id)!, type: read(c, command)! }
      if (isInternal(running.system, target))
        throw new IndelibleError('unknown_command', `There is no command "${target.type}" for "${target.category}".`)
      const options = sendOptions(c)
      const input = await readJson(c.req.raw, bodyBytesMax)
      const outcome = await running.send({ ...target, input }, options)
      if (outcome.status === 'accepted') return accepted(outcome)
      if (outcome.status === 'refused') return refused(target.type, outcome)
      const { stream, version, expectedVersion } = outcome
      throw options.expectedVersion === undefined
        ? new HttpError('overtaken', `${stream} was changed again and again meanwhile; it is at version ${version}.`, {
            members: { stream, version },
          })
        : new HttpError('version_mismatch', `${stream} is at version ${version}, not ${expectedVersion}.`, {
            members: { stream, version, expectedVersion },
          })
    },
    operations: running.system.commands.filter(({ visibility }) => visibility === 'public').map(operationOf),
  }
}

function sendOptions(c: Context): SendOptions {
  return {
    ...given({
      commandId: read(c, idempotencyKey),
      actor: read(c, actor),
      correlationId: read(c, correlationId),
      validAt: read(c, validAt),
      traceparent: read(c, traceparent),
      expectedVersion: read(c, ifMatch),
    }),
    // Who has gone away before the command's turn came does not want it any more.
    signal: c.req.raw.signal,
  }
}

function accepted(outcome: Accepted): Response {
  const { position, version } = outcome
  return json(outcome, { headers: { [positionHeader]: String(position), ETag: `"${version}"` } })
}

/**
 * 422 and not 409: to HTTP clients 409 means that somebody else was faster and trying again helps. A refusal was understood and decided, and
 * is the answer until something else happens.
 */
function refused(type: string, { reason, details, stream, version, commandId }: Refused): Response {
  const members = { reason, details, stream, version, commandId }
  return problem(
    refusalType(reason),
    `Refused: ${reason}`,
    `${type} was refused for ${stream} at version ${version}: ${reason}.`,
    { status: 422, members },
  )
}

function refusalType(reason: string): string {
  return `urn:indelible:refusal:${encodeURIComponent(reason)}`
}

/** https://www.w3.org/TR/trace-context/#traceparent-header: ids of zeros and version ff are invalid; later versions may go on after the flags. */
function isTraceparent(value: string): boolean {
  const [, version, trace, parent, rest] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(-.*)?$/.exec(value) ?? []
  if (!version || version === 'ff' || (version === '00' && rest !== undefined)) return false
  return !/^0+$/.test(trace!) && !/^0+$/.test(parent!)
}

function isInternal({ commands }: System, target: { readonly category: string; readonly type: string }): boolean {
  const declared = commands.find(({ category, type }) => category === target.category && type === target.type)
  return declared?.visibility === 'internal'
}

function operationOf(declared: AnyCommandType): Operation {
  const { type, category, input } = declared
  const name = `${category}.${type}`
  const refusals = refusalSchemas(declared)
  return {
    path: `/commands/${category}/{id}/${encodeURIComponent(type)}`,
    tag: category,
    summary: type,
    body: schemaRef(name),
    answers: {
      200: {
        description: 'Carried out. Its events, if there are any, are durable.',
        schema: schemaRef('Accepted'),
        headers: [positionHeader, 'ETag'],
      },
      422: {
        description:
          refusals.length === 0 ? 'The input does not fit.' : 'Refused by the domain, or the input does not fit.',
        contentType: 'application/problem+json',
        schema: { anyOf: [...refusals.map(([refusal]) => schemaRef(refusal)), schemaRef('Problem')] },
      },
    },
    problems: [400, 404, 409, 412, 413, 415, 422, 507],
    schemas: { [name]: jsonSchemaOf(input, 'input'), Accepted: acceptedSchema, ...Object.fromEntries(refusals) },
  }
}

/** Every refusal of a command, by the name of its schema. */
function refusalSchemas({
  type,
  category,
  aggregate,
  refuses,
}: AnyCommandType): readonly (readonly [string, JsonSchema])[] {
  const taken = Object.entries(aggregate?.unique ?? {}).map(([field, reason]) => ({
    reason,
    details: takenSchema(field),
  }))
  const declared = refuses.map(({ reason, details }) => ({
    reason,
    details: details ? jsonSchemaOf(details, 'output') : { type: 'object' },
  }))
  return [...declared, ...taken].map(({ reason, details }) => {
    const name = `${category}.${type}.${reason}`
    const properties = { type: { const: refusalType(reason) }, reason: { const: reason }, details }
    return [name, { allOf: [schemaRef('Problem'), { required: ['reason', 'details'], properties }] }]
  })
}

function takenSchema(field: string): JsonSchema {
  const properties = { field: { const: field }, value: { type: ['string', 'number'] } }
  return { type: 'object', required: ['field', 'value'], properties }
}

const acceptedSchema = {
  type: 'object',
  required: ['status', 'commandId', 'stream', 'version', 'position', 'recordedAt', 'duplicate'],
  properties: {
    status: { const: 'accepted' },
    commandId: { type: 'string' },
    stream: { type: 'string' },
    version: { type: 'integer', description: 'Of the aggregate, after the command.' },
    position: { type: 'integer', description: 'What a read waits for, with waitFor, to see the events.' },
    recordedAt: {
      type: ['string', 'null'],
      format: 'date-time',
      description: 'null where there was nothing to record.',
    },
    duplicate: { type: 'boolean', description: 'True where an earlier command with this id had already done it.' },
  },
}
