// `GET /aggregates/{category}/{id}`: what a thing is, or was at any point of history.
import type { Context } from 'hono'
import type { AnyAggregate, RunningSystem } from 'indelible'
import { type AsOf, type StateAsOf, stateAsOf } from 'indelible/history'
import { json, positionHeader } from './answers.ts'
import { given, invalid, read, text, wholeNumber } from './parameters.ts'
import { HttpError } from './problems.ts'
import type { Operation, Route } from './route.ts'

export const category = text('category', { in: 'path', description: 'The kind of aggregate.' })
export const id = text('id', { in: 'path', description: 'Which one of its kind.' })
const version = wholeNumber('version', { in: 'query', description: 'After this many of its events.' })
const position = wholeNumber('position', { in: 'query', description: 'When the log had come this far.' })
const recordedAt = text('recordedAt', {
  in: 'query',
  description: 'What we knew then: a day, which means its end in UTC, or an RFC 3339 date-time.',
})
const validAt = text('validAt', { in: 'query', description: 'What was true then, by what we know now.' })

export function aggregateRoute({ system, store }: RunningSystem): Route {
  return {
    method: 'GET',
    path: '/aggregates/{category}/{id}',
    parameters: [category, id, version, position, recordedAt, validAt],
    async handle(c) {
      const [kind, which, asOf] = [read(c, category)!, read(c, id)!, asOfIn(c)]
      const aggregate = system.aggregates.find((each) => each.category === kind)
      if (!aggregate) throw new HttpError('unknown_aggregate', `The system declares no aggregate "${kind}".`)
      const found = await stateAsOf(store, aggregate, { id: which, asOf })
      if (found.version === 0)
        throw missing(aggregate, which, asOf && (await stateAsOf(store, aggregate, { id: which })))
      return json(
        { category: kind, id: which, ...found, asOf: asOf ?? null },
        {
          headers: {
            [positionHeader]: String(found.position),
            // For If-Match, which is about the aggregate as it is now.
            ...(asOf ? {} : { ETag: `"${found.version}"` }),
          },
        },
      )
    },
    operations: system.aggregates.map(operationOf),
  }
}

function asOfIn(c: Context): AsOf | undefined {
  const points = given({
    version: read(c, version),
    position: read(c, position),
    recordedAt: read(c, recordedAt),
    validAt: read(c, validAt),
  })
  const names = Object.keys(points)
  if (names.length > 1)
    throw invalid(names[1]!, `Ask for one point of history, not for ${names.join(' and ')} at once.`)
  return names.length === 0 ? undefined : (points as AsOf)
}

function missing(aggregate: AnyAggregate, id: string, now: StateAsOf<unknown> | undefined): HttpError {
  const stream = aggregate.stream(id)
  const message = !now
    ? `${stream} has no events.`
    : now.version === 0
      ? `${stream} had no events at that point, and has none now.`
      : `${stream} had no events at that point. It exists now, at version ${now.version}.`
  return new HttpError('aggregate_missing', message, { members: { stream, version: now?.version ?? 0 } })
}

function operationOf({ category }: AnyAggregate): Operation {
  return {
    path: `/aggregates/${category}/{id}`,
    tag: category,
    summary: `The state of one ${category}, now or as of a point of history`,
    description: 'Folded from its events. At most one of version, position, recordedAt and validAt.',
    answers: {
      200: {
        description: 'The state, and the last event that is in it.',
        schema: {
          type: 'object',
          required: ['category', 'id', 'state', 'version', 'position', 'recordedAt', 'asOf'],
          properties: {
            category: { const: category },
            id: { type: 'string' },
            state: { description: 'As the code of the aggregate makes it.' },
            version: { type: 'integer' },
            position: { type: 'integer' },
            recordedAt: { type: 'string', format: 'date-time' },
            asOf: { type: ['object', 'null'], description: 'The point of history that was asked for; null for now.' },
          },
        },
        headers: [positionHeader, 'ETag'],
      },
    },
    problems: [400, 404],
  }
}
