// The state of an aggregate, now or at a point of history.
import type { StateAsOf } from '../history/as-of.ts'
import type { AsOf } from '../history/points.ts'
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { System } from '../kernel/system.ts'
import type { AggregateDescription } from '../schema/system-description.ts'
import { instantSchema, objectOf } from './json-schemas.ts'
import { type OperationCase, operation } from './operation.ts'
import { required, text } from './parameters.ts'
import { asOfIn, pointsOfAggregate } from './points.ts'

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
  needs: ({ category, id }) => ({ verb: 'read', stream: `${category}-${id}`, of: 'state' }),
  parameters: {
    category: required(text({ description: 'The category of the aggregate.' })),
    id: required(text({ description: 'The id of the aggregate.' })),
    ...pointsOfAggregate,
  },
  refusals: ['invalid_stream_name', 'invalid_time', 'unknown_aggregate', 'aggregate_missing'],
  describe: ({ aggregates }) => aggregates.map(caseOf),
  async run(running, { category, id, ...points }, { sees }): Promise<AggregateState> {
    const asOf = asOfIn(points)
    const aggregate = declaredAggregate(running.system, category)
    const found = await running.stateAsOf(aggregate, { id, asOf })
    if (found.version === 0) throw missing(aggregate, id, asOf && (await running.stateAsOf(aggregate, { id })))
    return { category, id, ...found, state: sees.state(aggregate.stream(id), found.state), asOf: asOf ?? null }
  },
})

/** Throws `unknown_aggregate`. */
export function declaredAggregate({ aggregates }: System, category: string): AnyAggregate {
  const aggregate = aggregates.find((each) => each.category === category)
  if (aggregate) return aggregate
  throw new IndelibleError('unknown_aggregate', `The system declares no aggregate "${category}".`)
}

export function missing(aggregate: AnyAggregate, id: string, now: StateAsOf<unknown> | undefined): IndelibleError {
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
    description:
      'The state is folded from the events. Give at most one of version, position, recordedAt and validAt; validAt may also stand beside position or recordedAt.',
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
