// `GET /aggregates/{category}/{id}`: the state of an aggregate, now or at a point of history.
import type { Context } from 'hono'
import type { AnyAggregate, RunningSystem } from 'indelible'
import { type AsOf, type StateAsOf, stateAsOf } from 'indelible/history'
import { json, positionHeader } from './answers.ts'
import { given, invalid, read, text, wholeNumber } from './parameters.ts'
import { HttpError } from './problems.ts'
import type { Operation, Route } from './route.ts'

export const category = text('category', { in: 'path', description: 'The category of the aggregate.' })
export const id = text('id', { in: 'path', description: 'The id of the aggregate.' })
const version = wholeNumber('version', { in: 'query', description: 'The state after this many of its events.' })
const position = wholeNumber('position', { in: 'query', description: 'The state at this position of the log.' })
const recordedAt = text('recordedAt', {
  in: 'query',
  description:
    'The state as it was recorded at this time: an RFC 3339 date-time, or a day, which means its end in UTC.',
})
const validAt = text('validAt', {
  in: 'query',
  description: 'The state as it was true at this time, including events recorded later.',
})

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
            // For If-Match, which compares the current version.
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
  if (names.length > 1) throw invalid(names[1]!, `Give only one point of history, not ${names.join(' and ')}.`)
  return names.length === 0 ? undefined : (points as AsOf)
}

function missing(aggregate: AnyAggregate, id: string, now: StateAsOf<unknown> | undefined): HttpError {
  const stream = aggregate.stream(id)
  const message = !now
    ? `${stream} has no events.`
    : now.version === 0
      ? `${stream} had no events at that point, and has no events now.`
      : `${stream} had no events at that point. It exists now, at version ${now.version}.`
  return new HttpError('aggregate_missing', message, { members: { stream, version: now?.version ?? 0 } })
}

function operationOf({ category }: AnyAggregate): Operation {
  return {
    path: `/aggregates/${category}/{id}`,
    tag: category,
    summary: `The state of one ${category}, now or at a point of history`,
    description: 'The state is folded from the events. Give at most one of version, position, recordedAt and validAt.',
    answers: {
      200: {
        description: 'The state, and the last event in it.',
        schema: {
          type: 'object',
          required: ['category', 'id', 'state', 'version', 'position', 'recordedAt', 'asOf'],
          properties: {
            category: { const: category },
            id: { type: 'string' },
            state: { description: 'The state that the code of the aggregate returns.' },
            version: { type: 'integer' },
            position: { type: 'integer' },
            recordedAt: { type: 'string', format: 'date-time' },
            asOf: { type: ['object', 'null'], description: 'The requested point of history; null for now.' },
          },
        },
        headers: [positionHeader, 'ETag'],
      },
    },
    problems: [400, 404],
  }
}
