// The outcomes of a command as responses: success is JSON, a refusal or a conflict is a problem document.
import type { CommandOutcome } from 'indelible'
import type { OperationDescription } from 'indelible/operations'
import { json, positionHeader } from './answers.ts'
import type { About, Answer } from './http-map.ts'
import { HttpError, problem, problemRef } from './problems.ts'

type Refused = CommandOutcome & { status: 'refused' }

export function commandAnswer(outcome: CommandOutcome, { input }: About): Response {
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

function refusalType(reason: string): string {
  return `urn:indelible:refusal:${encodeURIComponent(reason)}`
}

export function commandAnswers({ domainRefusals }: OperationDescription): Readonly<Record<number, Answer>> {
  const refusals = domainRefusals.map(({ reason, details }) => ({
    allOf: [
      problemRef,
      {
        required: ['reason', 'details'],
        properties: { type: { const: refusalType(reason) }, reason: { const: reason }, details },
      },
    ],
  }))
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
