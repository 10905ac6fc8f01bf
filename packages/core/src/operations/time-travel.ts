// What differs between two points of history, the history of a field, and who set it: of aggregates, and of rows of read tables.
import { type Blamed, blame, type Changed, historyOf } from '../history/blame.ts'
import { diffRows, diffStates, type RowsDiff, type StateDiff } from '../history/diff.ts'
import type { PointOfLog } from '../history/points.ts'
import type { Subject } from '../history/steps.ts'
import type { Projection } from '../kernel/projections.ts'
import type { System } from '../kernel/system.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import type { SystemDescription } from '../schema/system-description.ts'
import { declaredAggregate, missing } from './aggregate-state.ts'
import { instantSchema, objectOf } from './json-schemas.ts'
import { type OperationCase, operation } from './operation.ts'
import { invalid, required, text, valuesByName } from './parameters.ts'
import { asOfIn, pointIn, pointsOfAggregate, pointsOfLog, pointText } from './points.ts'
import { declaredProjection } from './select-rows.ts'
import { keyIn } from './table-selection.ts'

const anyAggregate = {
  category: required(text({ description: 'The category of the aggregate.' })),
  id: required(text({ description: 'The id of the aggregate.' })),
}
const field = {
  field: text({
    description:
      'The names on the way to the field, joined by "/": balance, or lines/0/amount. All fields when left out.',
  }),
}
const anyRow = {
  name: required(text({ description: 'The name of the read table.' })),
  key: required(valuesByName({ description: 'The values of the key columns of the row, by column.' })),
}
const between = {
  from: required(pointText('The first point of history')),
  to: pointText('The second point of history; now when left out'),
}
const ofAggregate = ['invalid_stream_name', 'invalid_time', 'unknown_aggregate', 'aggregate_missing'] as const
const ofTable = ['unknown_projection', 'projection_parked', 'invalid_time'] as const

export const diffAggregate = operation({
  name: 'diffAggregate',
  effect: 'reads',
  heavy: true,
  needs: ({ category, id }) => ({ verb: 'read', stream: `${category}-${id}`, of: 'history' }),
  parameters: { ...anyAggregate, ...between },
  refusals: ofAggregate,
  describe: (system) => aggregateCases(system, 'What differs in one {} between two points of history', diffSchema),
  async run(running, { category, id, from, to }): Promise<StateDiff> {
    const aggregate = declaredAggregate(running.system, category)
    const points = { from: pointIn('from', from), to: to === undefined ? undefined : pointIn('to', to) }
    const found = await diffStates(running.store, aggregate, { id, ...points })
    if (found.from.version === 0 && found.to.version === 0) await assertThere(running, category, id)
    return found
  },
})

export const aggregateHistory = operation({
  name: 'aggregateHistory',
  effect: 'reads',
  heavy: true,
  needs: ({ category, id }) => ({ verb: 'read', stream: `${category}-${id}`, of: 'history' }),
  parameters: { ...anyAggregate, ...field, ...pointsOfAggregate },
  refusals: ofAggregate,
  describe: (system) =>
    aggregateCases(system, 'Every change of one {}, or of one of its fields', listOf('changes', changedSchema)),
  async run(running, { category, id, field, ...points }): Promise<{ readonly changes: readonly Changed[] }> {
    const aggregate = declaredAggregate(running.system, category)
    const changes = await historyOf(running.store, { aggregate, id, field, asOf: asOfIn(points) })
    if (changes.length === 0) await assertThere(running, category, id)
    return { changes }
  },
})

export const blameAggregate = operation({
  name: 'blameAggregate',
  effect: 'reads',
  heavy: true,
  needs: ({ category, id }) => ({ verb: 'read', stream: `${category}-${id}`, of: 'history' }),
  parameters: { ...anyAggregate, ...field, ...pointsOfAggregate },
  refusals: ofAggregate,
  describe: (system) =>
    aggregateCases(system, 'Who set the fields of one {}, and what they were before', listOf('fields', blamedSchema)),
  async run(running, { category, id, field, ...points }): Promise<{ readonly fields: readonly Blamed[] }> {
    const aggregate = declaredAggregate(running.system, category)
    const fields = await blame(running.store, { aggregate, id, field, asOf: asOfIn(points) })
    if (fields.length === 0) await assertThere(running, category, id)
    return { fields }
  },
})

export const diffTable = operation({
  name: 'diffTable',
  effect: 'reads',
  heavy: true,
  needs: ({ name }) => ({ verb: 'read', table: name, rows: 'all' }),
  parameters: { name: anyRow.name, ...between },
  refusals: ofTable,
  describe: (system) =>
    tableCases(
      system,
      'The rows of {} that differ between two points of history',
      objectOf({ added: rowsSchema, removed: rowsSchema, changed: { type: 'array', items: { type: 'object' } } }),
    ),
  async run({ system, store }, { name, from, to }): Promise<RowsDiff> {
    const projection = declaredProjection(system, name)
    return await diffRows(store, projection, {
      from: logPointIn('from', from),
      to: to === undefined ? undefined : logPointIn('to', to),
    })
  },
})

export const rowHistory = operation({
  name: 'rowHistory',
  effect: 'reads',
  heavy: true,
  needs: ({ name, key }) => ({ verb: 'read', table: name, rows: { key } }),
  parameters: { ...anyRow, ...field, ...pointsOfLog },
  refusals: ofTable,
  describe: (system) =>
    tableCases(system, 'Every change of a row of {}, or of one of its columns', listOf('changes', changedSchema)),
  async run(running, { field, ...asked }): Promise<{ readonly changes: readonly Changed[] }> {
    return { changes: await historyOf(running.store, { ...rowIn(running.system, asked), field }) }
  },
})

export const blameRow = operation({
  name: 'blameRow',
  effect: 'reads',
  heavy: true,
  needs: ({ name, key }) => ({ verb: 'read', table: name, rows: { key } }),
  parameters: { ...anyRow, ...field, ...pointsOfLog },
  refusals: ofTable,
  describe: (system) =>
    tableCases(system, 'Who set the columns of a row of {}, and what they were before', listOf('fields', blamedSchema)),
  async run(running, { field, ...asked }): Promise<{ readonly fields: readonly Blamed[] }> {
    return { fields: await blame(running.store, { ...rowIn(running.system, asked), field }) }
  },
})

interface RowAsked {
  readonly name: string
  readonly key: Readonly<Record<string, unknown>>
  readonly position?: number | undefined
  readonly recordedAt?: string | undefined
  readonly validAt?: string | undefined
}

function rowIn(system: System, { name, key, ...points }: RowAsked): Extract<Subject, { projection: Projection }> {
  const projection = declaredProjection(system, name)
  return { projection, key: keyIn(key, projection.table), asOf: asOfIn(points) as PointOfLog | undefined }
}

function logPointIn(name: string, given: string): PointOfLog {
  const point = pointIn(name, given)
  if ('version' in point) throw invalid(name, 'A read table has no versions: give a position or a time.')
  return point
}

/** Throws `aggregate_missing`. */
async function assertThere(running: RunningSystem, category: string, id: string): Promise<void> {
  const aggregate = declaredAggregate(running.system, category)
  const now = await running.stateAsOf(aggregate, { id })
  if (now.version === 0) throw missing(aggregate, id, undefined)
}

const optionalText: JsonSchema = { type: 'string' }
const causeSchema: JsonSchema = {
  type: 'object',
  required: ['event', 'eventId', 'stream', 'version', 'position', 'recordedAt', 'isLate'],
  properties: {
    event: { type: 'string' },
    eventId: { type: 'string' },
    stream: { type: 'string' },
    version: { type: 'integer' },
    position: { type: 'integer' },
    recordedAt: instantSchema,
    validAt: optionalText,
    isLate: { type: 'boolean', description: 'A late correction: it was true before something that was known already.' },
    actor: optionalText,
    command: optionalText,
    commandId: optionalText,
    correlationId: optionalText,
    causationId: optionalText,
    reason: optionalText,
    code: optionalText,
  },
}
const changeSchema: JsonSchema = {
  type: 'object',
  required: ['field'],
  properties: { field: { type: 'string' }, before: {}, after: {} },
}
const changedSchema: JsonSchema = {
  type: 'object',
  required: ['field', 'cause'],
  properties: { field: { type: 'string' }, before: {}, after: {}, cause: causeSchema },
}
const blamedSchema: JsonSchema = {
  type: 'object',
  required: ['field', 'value', 'cause'],
  properties: { field: { type: 'string' }, value: {}, before: {}, cause: causeSchema },
}
const rowsSchema: JsonSchema = { type: 'array', items: { type: 'object' } }
const stateSchema = objectOf({
  state: {},
  version: { type: 'integer' },
  position: { type: 'integer' },
  recordedAt: { type: ['string', 'null'], format: 'date-time' },
})
const diffSchema = objectOf({
  from: stateSchema,
  to: stateSchema,
  changes: { type: 'array', items: changeSchema },
  events: { type: 'array', items: causeSchema },
})

function listOf(name: string, items: JsonSchema): JsonSchema {
  return objectOf({ [name]: { type: 'array', items } })
}

function aggregateCases(
  { aggregates }: SystemDescription,
  summary: string,
  schema: JsonSchema,
): readonly OperationCase[] {
  return aggregates.map(({ category }) => ({
    given: { category },
    group: category,
    summary: summary.replace('{}', category),
    result: { description: 'Folded from the events with the code as it is now.', schema },
  }))
}

function tableCases({ projections }: SystemDescription, summary: string, schema: JsonSchema): readonly OperationCase[] {
  return projections.map(({ name }) => ({
    given: { name },
    group: 'tables',
    summary: summary.replace('{}', name),
    result: { description: 'Folded from all events of the table with the code as it is now.', schema },
  }))
}
