// The outcomes of a command as responses: success is JSON, a refusal or a conflict is a problem document.
import type { CommandOutcome } from 'indelible'
import { definitionName, type OperationDescription } from 'indelible/operations'
import type { JsonSchema } from 'indelible/schema'
import { json, positionHeader } from './answers.ts'
import type { Answer } from './http-map.ts'
import { HttpError, problem, problemRef } from './problems.ts'

type Refused = CommandOutcome & { status: 'refused' }

export function commandAnswer(outcome: CommandOutcome, input: Readonly<Record<string, unknown>>): Response {
  if (outcome.status === 'accepted') {
    const { position, version } = outcome
    return json(outcome, { headers: { [positionHeader]: String(position), ETag: `"${version}"` } })
  }
  if (outcome.status === 'refused') return refused(String(input.command), outcome)
  const { stream, version, expectedVersion } = outcome
  throw input.expectedVersion === undefined
    ? new HttpError('overtaken', `Other commands changed ${stream} again and again. It is at version ${version}.`, {
        members: { stream, version },
      })
    : new HttpError('version_mismatch', `${stream} is at version ${version}, not ${expectedVersion}.`, {
        members: { stream, version, expectedVersion },
      })
}

/**
 * 422 and not 409: HTTP clients expect that a request with 409 may succeed later. A refusal was understood and decided. The same command gets the same
 * refusal until something else happens.
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

/** The outcome that a problem document stands for; undefined if it is not about a refusal. */
export function refusalOf(document: unknown): Refused | undefined {
  const { type, reason, details, stream, version, commandId } = (document ?? {}) as Refused & { readonly type?: string }
  if (typeof reason !== 'string' || type !== refusalType(reason)) return undefined
  return { status: 'refused', reason, details, stream, version, commandId }
}

function refusalType(reason: string): string {
  return `urn:indelible:refusal:${encodeURIComponent(reason)}`
}

/** The responses to a command, by status. */
export function commandAnswers(described: OperationDescription): Readonly<Record<number, Answer>> {
  const refusals = Object.keys(refusalProblems(described)).map((name) => ({ $ref: `#/$defs/${name}` }))
  return {
    200: {
      description: 'Carried out. Its events, if there are any, are durable.',
      schema: { $ref: '#/$defs/Accepted' },
      headers: [positionHeader, 'ETag'],
    },
    422: {
      description:
        refusals.length === 0
          ? 'The input does not fit.'
          : 'The domain refused the command, or the input does not fit.',
      contentType: 'application/problem+json',
      schema: { anyOf: [...refusals, problemRef] },
    },
  }
}

/** The problem document of every refusal of a command, by the name of its definition. */
export function refusalProblems({ given, domainRefusals }: OperationDescription): Readonly<Record<string, JsonSchema>> {
  const problems = domainRefusals.map(({ reason, details }): [string, JsonSchema] => {
    const properties = { type: { const: refusalType(reason) }, reason: { const: reason }, details }
    const name = definitionName(`${given.category}.${given.command}.${reason}`)
    return [name, { allOf: [problemRef, { required: ['reason', 'details'], properties }] }]
  })
  return Object.fromEntries(problems)
}
