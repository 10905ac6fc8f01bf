// Projections as an operator sees them: how far each is, and rebuilding and verifying its table. Pausing and resuming is the same for all consumers.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import { previousTableName } from '../kernel/tables.ts'
import type { TableCheck } from '../runtime/projections/compare/index.ts'
import type { RebuildReport } from '../runtime/projections/rebuild/index.ts'
import type { ProjectionStatus } from '../runtime/projections/status.ts'
import type { ProjectionView } from '../runtime/projections/view.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import type { Head } from '../store/port.ts'
import { headSchema, objectOf, ref } from './json-schemas.ts'
import { operation } from './operation.ts'
import { flag, required, text } from './parameters.ts'

const name = required(text({ description: 'The name of the projection, which is also the name of its read table.' }))

/** The table of a projection according to the database. */
export interface TableShown
  extends Pick<ProjectionView, 'state' | 'position' | 'updatedAt' | 'parked' | 'staging' | 'previous'> {
  /** The fingerprint of the existing table; null if there is none yet. */
  readonly fingerprint: string | null
}

/** What this process knows of a projection, with what the database says: another process may run the projection. */
export interface ProjectionShown extends ProjectionStatus {
  /** Null if the database does not answer. */
  readonly table: TableShown | null
}

/** All projections of a system. */
export interface ProjectionList {
  readonly head: Head
  readonly projections: readonly ProjectionShown[]
}

/** What a rebuild made. */
export interface Rebuilt extends RebuildReport {
  readonly name: string
  /** The replaced table, if it is kept. */
  readonly previousTable: string | null
}

export const listProjections = operation({
  name: 'listProjections',
  effect: 'reads',
  needs: () => ({ verb: 'operate' }),
  parameters: {},
  describe: () => [
    {
      group: 'projections',
      summary: 'How far every projection is',
      result: {
        description: 'The end of the log, and all projections that are declared.',
        schema: objectOf({ head: headSchema, projections: { type: 'array', items: ref('Projection') } }),
      },
    },
  ],
  run: shownBy,
})

export const showProjection = operation({
  name: 'showProjection',
  effect: 'reads',
  needs: () => ({ verb: 'operate' }),
  parameters: { name },
  refusals: ['unknown_projection'],
  describe: ({ projections }) =>
    projections.map(({ name }) => ({
      given: { name },
      group: 'projections',
      summary: `How far ${name} is`,
      result: { description: 'Its state here, and what the database says.', schema: ref('Projection') },
    })),
  async run(running, { name }): Promise<ProjectionShown> {
    const shown = (await shownBy(running)).projections.find((each) => each.name === name)
    if (shown) return shown
    throw new IndelibleError('unknown_projection', `The system declares no projection "${name}".`)
  },
})

export const rebuildProjection = operation({
  name: 'rebuildProjection',
  effect: 'changes',
  heavy: true,
  needs: () => ({ verb: 'operate' }),
  parameters: {
    name,
    dropPrevious: flag({
      description: 'Whether to drop the replaced table. By default it is kept until the next rebuild.',
    }),
  },
  refusals: ['unknown_projection', 'projection_busy', 'projection_parked', 'table_mismatch', 'store_full'],
  describe: ({ projections }) =>
    projections.map(({ name }) => ({
      given: { name },
      group: 'projections',
      summary: `Rebuild the table ${name}`,
      description:
        'Builds a new table beside the one that readers see, checks it against a second fold of the log, and replaces the live table in one step. ' +
        'The answer comes when that is done; meanwhile showProjection tells the progress. The rebuild continues if the caller goes away.',
      result: { description: 'The new table is live.', schema: rebuiltSchema(name) },
    })),
  // Without the signal of the caller: behind a proxy that ends slow requests a long rebuild would never finish.
  async run(running, { name, dropPrevious = false }, { by }): Promise<Rebuilt> {
    const report = await running.rebuild({ name }, by)
    if (dropPrevious) await running.dropPreviousTable({ name }, by)
    return { name, ...report, previousTable: dropPrevious ? null : previousTableName(name) }
  },
})

export const dropPreviousTable = operation({
  name: 'dropPreviousTable',
  effect: 'changes',
  needs: () => ({ verb: 'operate' }),
  parameters: { name },
  refusals: ['unknown_projection', 'store_full'],
  describe: ({ projections }) =>
    projections.map(({ name }) => ({
      given: { name },
      group: 'projections',
      summary: `Drop the table that the last rebuild of ${name} replaced`,
      result: {
        description: 'There is no replaced table any more.',
        schema: objectOf({ name: { const: name }, previousTable: { const: null } }),
      },
    })),
  async run(running, { name }, { by }): Promise<Pick<Rebuilt, 'name' | 'previousTable'>> {
    await running.dropPreviousTable({ name }, by)
    return { name, previousTable: null }
  },
})

export const verifyProjection = operation({
  name: 'verifyProjection',
  effect: 'reads',
  heavy: true,
  needs: () => ({ verb: 'operate' }),
  parameters: { name },
  refusals: [
    'unknown_projection',
    'projection_busy',
    'projection_parked',
    'table_diverged',
    'table_outdated',
    'aborted',
  ],
  describe: ({ projections }) =>
    projections.map(({ name, key }) => ({
      given: { name },
      group: 'projections',
      summary: `Compare the table ${name} with the log`,
      description:
        'Compares every row with what the log makes. The projection continues meanwhile. The comparison ends if the caller goes away.',
      result: { description: 'How many rows differ, and the first of them.', schema: checkSchema(name, key) },
    })),
  async run(running, { name }, { sees, signal }): Promise<TableCheck> {
    const check = await running.verifyTable({ name }, { signal })
    // Whoever operates a table need not see what is in it.
    return sees.rows(name, []).isAll ? check : { ...check, differences: [] }
  },
})

async function shownBy(running: RunningSystem): Promise<ProjectionList> {
  const [{ head, consumers }, views] = await Promise.all([running.health(), viewsOf(running)])
  const projections = consumers.filter((each) => each.kind === 'projection')
  return { head, projections: projections.map((status) => joined(status, views?.get(status.name))) }
}

/** Undefined if the database does not answer: then an operator most wants to know the rest. */
async function viewsOf(running: RunningSystem): Promise<ReadonlyMap<string, ProjectionView> | undefined> {
  try {
    return new Map((await running.projectionViews()).map((view) => [view.name, view]))
  } catch (error) {
    if (isIndelibleError(error, 'tables_unavailable')) return undefined
    throw error
  }
}

function joined(status: ProjectionStatus, view: ProjectionView | undefined): ProjectionShown {
  if (!view) return { ...status, table: null }
  return { ...status, holder: view.holder, table: tableShown(view) }
}

/** The part of a view that is about the table. */
export function tableShown(view: ProjectionView): TableShown {
  const { tableFingerprint: fingerprint, state, position, updatedAt, parked, staging, previous } = view
  return { state, fingerprint, position, updatedAt, parked, staging, previous }
}

function rebuiltSchema(name: string): JsonSchema {
  return objectOf({
    name: { const: name },
    rows: { type: 'integer', description: 'The number of rows when the table was checked.' },
    contentHash: {
      type: 'string',
      description: 'The hash of those rows. The same rows have the same hash, in any order.',
    },
    checkedPosition: { type: 'integer', description: 'The table was checked up to this position.' },
    position: { type: 'integer', description: 'The position of the table when it replaced the other.' },
    ms: { type: 'number' },
    previousTable: { type: ['string', 'null'], description: 'The replaced table, if it is kept.' },
  })
}

function checkSchema(name: string, key: readonly string[]): JsonSchema {
  const row = { type: ['object', 'null'] }
  const difference = objectOf({
    key: { type: 'object', required: key },
    table: { ...row, description: 'The row in the table.' },
    log: { ...row, description: 'The row that the log makes.' },
  })
  return objectOf({
    name: { const: name },
    rows: { type: 'integer', description: 'The number of rows in the table.' },
    position: { type: 'integer', description: 'The checkpoint at which table and log are compared.' },
    differing: { type: 'integer', description: 'The number of rows that differ.' },
    differences: { type: 'array', items: difference },
  })
}
