// The state of an aggregate, now or at a point of history.
import { type StateAsOf, stateAsOf } from '../history/as-of.ts'
import type { AsOf } from '../history/points.ts'
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { AggregateDescription } from '../schema/describe-system.ts'
import { instantSchema, objectOf } from './json-schemas.ts'
import { type OperationCase, operation } from './operation.ts'
import { given, type InputOf, invalid, required, text, wholeNumber } from './parameters.ts'

const points = {
  version: wholeNumber({ description: 'The state after this many of its events.' }),
  position: wholeNumber({ description: 'The state at this position of the log.' }),
  recordedAt: text({
    description:
      'The state as it was recorded at this time: an RFC 3339 date-time, or a day, which means its end in UTC.',
  }),
  validAt: text({ description: 'The state as it was true at this time, including events recorded later.' }),
}

/** A state, with the aggregate and the point of history that it belongs to. */
export interface AggregateState extends StateAsOf<unknown> {
  readonly category: string
  readonly id: string
  /** The requested point of history; null for now. */
  readonly asOf: AsOf | null
}

/** The state of an aggregate, now or at a point of history. */
export const aggregateState = operation({
  name: 'aggregateState',
  effect: 'reads',
  parameters: {
    category: required(text({ description: 'The category of the aggregate.' })),
    id: required(text({ description: 'The id of the aggregate.' })),
    ...points,
  },
  refusals: ['invalid_stream_name', 'invalid_time', 'unknown_aggregate', 'aggregate_missing'],
  describe: ({ aggregates }) => aggregates.map(caseOf),
  async run({ system, store }, { category, id, ...points }): Promise<AggregateState> {
    const asOf = asOfIn(points)
    const aggregate = system.aggregates.find((each) => each.category === category)
    if (!aggregate) throw new IndelibleError('unknown_aggregate', `The system declares no aggregate "${category}".`)
    const found = await stateAsOf(store, aggregate, { id, asOf })
    if (found.version === 0) throw missing(aggregate, id, asOf && (await stateAsOf(store, aggregate, { id })))
    return { category, id, ...found, asOf: asOf ?? null }
  },
})

function asOfIn({ version, position, recordedAt, validAt }: InputOf<typeof points>): AsOf | undefined {
  const asked = given({ version, position, recordedAt, validAt })
  const names = Object.keys(asked)
  if (names.length > 1) throw invalid(names[1]!, `Give only one point of history, not ${names.join(' and ')}.`)
  return names.length === 0 ? undefined : (asked as AsOf)
}

function missing(aggregate: AnyAggregate, id: string, now: StateAsOf<unknown> | undefined): IndelibleError {
  const stream = aggregate.stream(id)
  const message = !now
    ? `${stream} has no events.`
    : now.version === 0
      ? `${stream} had no events at that point, and has no events now.`
      : `${stream} had no events at that point. It exists now, at version ${now.version}.`
  return new IndelibleError('aggregate_missing', message, { details: { stream, version: now?.version ?? 0 } })
}

function caseOf({ category }: AggregateDescription): OperationCase {
  return {
    given: { category },
    group: category,
    summary: `The state of one ${category}, now or at a point of history`,
    description: 'The state is folded from the events. Give at most one of version, position, recordedAt and validAt.',
    result: {
      description: 'The state, and the last event in it.',
      schema: objectOf({
        category: { const: category },
        id: { type: 'string' },
        state: { description: 'The state that the code of the aggregate returns.' },
        version: { type: 'integer' },
        position: { type: 'integer' },
        recordedAt: instantSchema,
        asOf: { type: ['object', 'null'], description: 'The requested point of history; null for now.' },
      }),
    },
  }
}
