// Rows of a read table by conditions and order, page by page, and on request only when they show what the caller has just written.
import type { SeenRows } from '../access/index.ts'
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
import { type Asked, type Selection, selectionIn } from './table-selection.ts'

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
  // The table is built as it was.
  heavy: ['position', 'recordedAt', 'validAt'],
  needs: (input) => ({ verb: 'read', table: input.name, rows: { columns: columnsIn(input) } }),
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
  async run(running, input, { sees, signal }): Promise<RowsPage> {
    const { name, limit = pageDefault, waitFor, timeoutMs = waitMsDefault } = input
    const projection = declaredProjection(running.system, name)
    const { table } = projection
    const seen = sees.rows(name, columnsIn(input))
    const where = seen.where(input.where)
    const { options, order } = selectionIn({ ...input, where }, table)

    if (waitFor !== undefined)
      await running.waitFor(projection, waitFor, signal ? { timeoutMs, signal } : { timeoutMs })
    const asOf = asOfIn(input)
    const asked = { limit, options, order, seen, isEmpty: where === undefined }
    if (asOf) return await pageAsOf(running, projection, { ...asked, asOf })
    // Asked before the rows are read, so that they show at least this much.
    const position = await running.consumers.position(projection)
    const rows = asked.isEmpty ? [] : await running.select(projection, { ...options, limit: limit + 1 })
    return { table: table.name, position, ...pageOf(rows, asked) }
  },
})

/** The columns that conditions and order ask for. */
export function columnsIn({ where = {}, orderBy = [] }: Pick<Asked, 'where' | 'orderBy'>): readonly string[] {
  return [...Object.keys(where), ...orderBy.map((term) => term.replace(/^-/, ''))]
}

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
  { asOf, options, isEmpty, ...asked }: PageAsked & Selection & { readonly asOf: AsOf; readonly isEmpty: boolean },
): Promise<RowsPage> {
  const { position, recordedAt, validAt } = checkedPoint(asOf)
  const basis = await running.pin(position ?? recordedAt)
  const rows = isEmpty ? [] : await basis.view(projection, { ...options, validAt, limit: asked.limit + 1 })
  return { table: projection.name, position: basis.position, ...pageOf(rows, asked) }
}

type PageAsked = Pick<Selection, 'order'> & { readonly limit: number; readonly seen: SeenRows }

/** One more row than fits says that there is a next page. */
function pageOf(rows: readonly Row[], { limit, order, seen }: PageAsked): Pick<RowsPage, 'rows' | 'next'> {
  const page = rows.slice(0, limit)
  return { rows: page.map(seen.row), next: rows.length > limit ? cursorOf(page.at(-1)!, order) : null }
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
