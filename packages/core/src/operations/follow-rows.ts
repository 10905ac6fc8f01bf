// The rows of a read table, and each change of them.
import type { SeenRows } from '../access/index.ts'
import type { Row, TableDefinition } from '../kernel/tables.ts'
import type { LiveFeed } from '../runtime/live/index.ts'
import { type Condition, canonicalSelect } from '../store/canonical-select.ts'
import { begun, signalOf } from './follow-events.ts'
import { objectOf } from './json-schemas.ts'
import { messageSchema, reachedSchemas, resumption } from './live-schemas.ts'
import { operation } from './operation.ts'
import { required, text, valuesByName, wholeNumber } from './parameters.ts'
import { columnsIn, declaredProjection } from './select-rows.ts'
import { rowSchema, whereSchema } from './table-schemas.ts'
import { selectionIn } from './table-selection.ts'

export const followRows = operation({
  name: 'followRows',
  effect: 'reads',
  needs: ({ name, where }) => ({ verb: 'read', table: name, rows: { columns: columnsIn({ where }) } }),
  isLive: true,
  parameters: {
    name: required(text({ description: 'The name of the read table.' })),
    where: valuesByName({ description: 'Only rows that meet all of these conditions, as for a page of the table.' }),
    after: wholeNumber({
      description:
        'The caller has the rows of this position, and wants only what changed since. Where those changes are no longer known, it gets all rows anew.',
    }),
    ...resumption,
  },
  refusals: ['unknown_projection', 'projection_parked', 'table_too_large', 'feed_diverged'],
  describe: ({ projections }) =>
    projections.map(({ name, columns, key }) => ({
      given: { name },
      group: 'tables',
      summary: `Rows of ${name}, and their changes as they happen`,
      description:
        '"reset" means: forget all rows. Rows follow as they are at that position, then each change: a row that begins to meet the conditions is inserted, and one that no longer meets them is deleted.',
      schemas: { where: whereSchema(columns) },
      result: {
        description: 'Rows and changes.',
        schema: messageSchema({
          reset: objectOf({ position: { type: 'integer' } }),
          row: objectOf({
            change: { enum: ['snapshot', 'insert', 'update', 'delete'] },
            position: { type: 'integer', description: 'Of the event that changed the row, or of the snapshot.' },
            key: rowSchema(columns.filter((column) => key.includes(column.name))),
            row: { anyOf: [rowSchema(columns), { type: 'null' }], description: 'Null if the row is deleted.' },
          }),
          ...reachedSchemas,
        }),
      },
    })),
  async run(running, { name, where, after, history, lastEventId }, { sees, signal }): Promise<LiveFeed> {
    const { table } = declaredProjection(running.system, name)
    const seen = sees.rows(name, columnsIn({ where }))
    const both = seen.where(where)
    const { options } = selectionIn({ where: both }, table)
    const { where: met } = canonicalSelect(table, options)
    const conditions = both ? met : [...met, nothing(table)]
    const from = begun({ after, history, lastEventId })
    const feed = await running.live.table(name).follow({ where: conditions, ...from }, signalOf(signal))
    return seen.isAll ? feed : seenRows(feed, seen)
  },
})

/** What no row meets. */
function nothing({ key }: TableDefinition): Condition {
  return { column: key[0]!, operator: 'in', values: [] }
}

/** With the columns that are seen. The key is among them. */
async function* seenRows(feed: LiveFeed, seen: SeenRows): LiveFeed {
  for await (const batch of feed) {
    yield batch.map((message) => {
      const { row, ...change } = message.data as { readonly row?: Row | null }
      return row ? { ...message, data: { ...change, row: seen.row(row) } } : message
    })
  }
}
