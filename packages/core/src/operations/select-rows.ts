// Rows of a read table by conditions and order, page by page, and on request only when they show what the caller has just written.
import { type AsOf, checkedPoint } from '../history/points.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import type { Projection } from '../kernel/projections.ts'
import type { System } from '../kernel/system.ts'
import type { Row } from '../kernel/tables.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import type { ProjectionDescription } from '../schema/system-description.ts'
import { objectOf } from './json-schemas.ts'
import { cursorCharactersMax, pageDefault, pageMax, waitMsDefault, waitMsMax } from './limits.ts'
import { type OperationCase, operation } from './operation.ts'
import { required, text, texts, valuesByName, wholeNumber } from './parameters.ts'
import { asOfIn, pointsOfLog } from './points.ts'
import { cursorOf } from './table-cursor.ts'
import { orderBySchema, rowSchema, whereSchema } from './table-schemas.ts'
import { type Selection, selectionIn } from './table-selection.ts'

/** A page of rows. */
export interface RowsPage {
  readonly table: string
  readonly rows: readonly Row[]
  /** The rows show everything up to this position, perhaps more. */
  readonly position: Position
  /** `after` of the next page, or null. */
  readonly next: string | null
}

export const selectRows = operation({
  name: 'selectRows',
  effect: 'reads',
  parameters: {
    name: required(text({ description: 'The name of the read table.' })),
    where: valuesByName({
      description:
        'Only rows that meet all of these conditions, by column: a value, or operators: eq, ne, lt, lte, gt, gte, in, notIn or isNull. ' +
        'ne and notIn include rows in which the column is null; isNull: false excludes them.',
    }),
    orderBy: texts({
      description:
        'Columns; "-" before one means descending. The key follows. Null is after all values, so before them where descending.',
    }),
    ...pointsOfLog,
    limit: wholeNumber({
      min: 1,
      max: pageMax,
      default: pageDefault,
      description: 'The maximum number of rows on the page.',
    }),
    after: text({
      bytesMax: cursorCharactersMax,
      description: 'Where the page before ended: `next` of that page. It belongs to the order of that page.',
    }),
    waitFor: wholeNumber({
      description:
        'Answer only when the table contains everything up to this position: the one that a command returned.',
    }),
    timeoutMs: wholeNumber({
      max: waitMsMax,
      default: waitMsDefault,
      description: 'The maximum time to wait for that position.',
    }),
  },
  refusals: ['unknown_projection', 'wait_timeout', 'projection_parked', 'table_outdated', 'invalid_time'],
  paging: { parameter: 'after', firstPageOnly: ['waitFor', 'timeoutMs'] },
  waits: ({ waitFor }) => waitFor !== undefined,
  describe: ({ projections }) => projections.map(caseOf),
  async run(running, input, { signal }): Promise<RowsPage> {
    const { name, limit = pageDefault, waitFor, timeoutMs = waitMsDefault } = input
    const projection = declaredProjection(running.system, name)
    const { table } = projection
    const { options, order } = selectionIn(input, table)

    if (waitFor !== undefined)
      await running.waitFor(projection, waitFor, signal ? { timeoutMs, signal } : { timeoutMs })
    const asOf = asOfIn(input)
    if (asOf) return await pageAsOf(running, projection, { asOf, limit, options, order })
    // Asked before the rows are read, so that they show at least this much.
    const position = await running.consumers.position(projection)
    const rows = await running.select(projection, { ...options, limit: limit + 1 })
    const page = rows.slice(0, limit)
    const next = rows.length > limit ? cursorOf(page.at(-1)!, order) : null
    return { table: table.name, rows: page, position, next }
  },
})

/** Throws `unknown_projection`. */
export function declaredProjection({ projections }: System, name: string): Projection {
  const projection = projections.find((each) => each.name === name)
  if (projection) return projection
  throw new IndelibleError('unknown_projection', `There is no read table "${name}".`)
}

/** The position of the page is the one to ask for in the next page: what is known at a time may still grow until that time has passed. */
async function pageAsOf(
  running: RunningSystem,
  projection: Projection,
  { asOf, limit, options, order }: Selection & { readonly asOf: AsOf; readonly limit: number },
): Promise<RowsPage> {
  const { position: asked, recordedAt, validAt } = checkedPoint(asOf)
  const basis = await running.pin(asked ?? recordedAt)
  const rows = await basis.view(projection, { ...options, validAt, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const next = rows.length > limit ? cursorOf(page.at(-1)!, order) : null
  return { table: projection.name, rows: page, position: basis.position, next }
}

function caseOf({ name, columns, key }: ProjectionDescription): OperationCase {
  return {
    given: { name },
    group: 'tables',
    summary: `Rows of ${name}`,
    description: `In the order of the key (${key.join(', ')}), unless orderBy says otherwise.`,
    schemas: { where: whereSchema(columns), orderBy: orderBySchema(columns) },
    result: {
      description: 'One page of rows, and where the next page starts; null if this is the last page.',
      schema: objectOf({
        table: { const: name },
        rows: { type: 'array', items: rowSchema(columns) },
        position: { type: 'integer', description: 'The rows show everything up to this position, perhaps more.' },
        next: { type: ['string', 'null'] },
      }),
    },
  }
}
