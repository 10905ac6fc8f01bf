// A read table as of a point of history, kept beside the live one.
import type { PastTable } from '../history/past-table.ts'
import type { PointOfLog } from '../history/points.ts'
import { pastTableName } from '../kernel/tables.ts'
import { objectOf } from './json-schemas.ts'
import { operation } from './operation.ts'
import { required, text } from './parameters.ts'
import { asOfIn, pointsOfLog } from './points.ts'

const name = required(text({ description: 'The name of the projection, which is also the name of its read table.' }))

export const keepPastTable = operation({
  name: 'keepPastTable',
  effect: 'changes',
  heavy: true,
  needs: () => ({ verb: 'operate' }),
  parameters: { name, ...pointsOfLog },
  refusals: [
    'unknown_projection',
    'projection_busy',
    'projection_parked',
    'invalid_time',
    'invalid_position',
    'store_full',
  ],
  describe: ({ projections }) =>
    projections.map(({ name }) => ({
      given: { name },
      group: 'projections',
      summary: `Keep ${name} as of a point of history`,
      description: `Folds the table as of the point, now when left out, and writes it into ${pastTableName(name)} in place of what is there. SQL can read it beside the live table.`,
      result: {
        description: 'The table is there.',
        schema: objectOf({
          table: { const: pastTableName(name) },
          rows: { type: 'integer' },
          position: { type: 'integer', description: 'Everything up to here was known.' },
        }),
      },
    })),
  async run(running, { name, ...points }, { by, signal }): Promise<PastTable> {
    const asOf = asOfIn(points) as PointOfLog | undefined
    return await running.keepPastTable({ name }, { asOf, signal, ...by })
  },
})

export const dropPastTable = operation({
  name: 'dropPastTable',
  effect: 'changes',
  needs: () => ({ verb: 'operate' }),
  parameters: { name },
  refusals: ['unknown_projection', 'store_full'],
  describe: ({ projections }) =>
    projections.map(({ name }) => ({
      given: { name },
      group: 'projections',
      summary: `Drop ${pastTableName(name)}`,
      result: {
        description: 'There is no such table any more.',
        schema: objectOf({ table: { const: pastTableName(name) } }),
      },
    })),
  async run(running, { name }, { by }): Promise<Pick<PastTable, 'table'>> {
    await running.dropPastTable({ name }, by)
    return { table: pastTableName(name) }
  },
})
