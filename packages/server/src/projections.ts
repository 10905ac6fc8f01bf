// `/projections`: how far every projection is and what is known of its table, and what an operator may do with it: rebuild and check. `/consumers` pauses and resumes it.
import type { Context } from 'hono'
import {
  IndelibleError,
  isIndelibleError,
  type ProjectionStatus,
  type ProjectionView,
  previousTableName,
  type RunningSystem,
} from 'indelible'
import { json, positionHeader } from './answers.ts'
import { actor } from './commands.ts'
import { oneOf, read, text } from './parameters.ts'
import { listOperation, rebuildOperation, showOperation, verifyOperation } from './projection-operations.ts'
import type { Route } from './route.ts'

const name = text('name', { in: 'path', description: 'The name of the projection, which is that of its read table.' })
const dropPrevious = oneOf('dropPrevious', ['false', 'true'], {
  in: 'query',
  description: 'Whether to drop the table that was replaced. It is kept otherwise, until the next time.',
})

export function projectionRoutes(running: RunningSystem): readonly Route[] {
  const { projections } = running.system
  const toDo = (
    verb: string,
    route: Pick<Route, 'handle' | 'operations'> & { parameters?: Route['parameters'] },
  ): Route => ({
    method: 'POST',
    path: `/projections/{name}/${verb}`,
    ...route,
    parameters: [name, actor, ...(route.parameters ?? [])],
  })
  return [
    {
      method: 'GET',
      path: '/projections',
      parameters: [],
      async handle() {
        const shown = await shownBy(running)
        return json(shown, { headers: { [positionHeader]: String(shown.head.position) } })
      },
      operations: [listOperation],
    },
    {
      method: 'GET',
      path: '/projections/{name}',
      parameters: [name],
      async handle(c) {
        const shown = (await shownBy(running)).projections.find((each) => each.name === read(c, name))
        if (!shown)
          throw new IndelibleError('unknown_projection', `The system declares no projection "${read(c, name)}".`)
        return json(shown, { headers: { [positionHeader]: String(shown.position) } })
      },
      operations: projections.map(showOperation),
    },
    toDo('rebuild', {
      parameters: [dropPrevious],
      handle: (c) => rebuild(running, c),
      operations: projections.map(rebuildOperation),
    }),
    toDo('verify', { handle: (c) => verify(running, c), operations: projections.map(verifyOperation) }),
  ]
}

/** It goes on when the client goes away: behind a proxy that cuts off what is slow it would else never come to an end. */
async function rebuild(running: RunningSystem, c: Context): Promise<Response> {
  const projection = { name: read(c, name)! }
  const isDropped = read(c, dropPrevious) === 'true'
  const by = { actor: read(c, actor) }
  const report = await running.rebuild(projection, by)
  if (isDropped) await running.dropPreviousTable(projection, by)
  const body = { ...projection, ...report, previousTable: isDropped ? null : previousTableName(projection.name) }
  return json(body, { headers: { [positionHeader]: String(report.position) } })
}

async function verify(running: RunningSystem, c: Context): Promise<Response> {
  const projection = { name: read(c, name)! }
  const check = await running.verifyTable(projection, { signal: c.req.raw.signal })
  return json(check, { headers: { [positionHeader]: String(check.position) } })
}

/** What this process knows of its projections, with what the database says of their tables: other processes may run them. */
async function shownBy(running: RunningSystem) {
  const [{ head, consumers }, views] = await Promise.all([running.health(), viewsOf(running)])
  const projections = consumers.filter((each) => each.kind === 'projection')
  return { head, projections: projections.map((status) => joined(status, views?.get(status.name))) }
}

/** Nothing where the database does not answer: that is when an operator most wants to know the rest. */
async function viewsOf(running: RunningSystem): Promise<ReadonlyMap<string, ProjectionView> | undefined> {
  try {
    return new Map((await running.projectionViews()).map((view) => [view.name, view]))
  } catch (error) {
    if (isIndelibleError(error, 'tables_unavailable')) return undefined
    throw error
  }
}

function joined(status: ProjectionStatus, view: ProjectionView | undefined) {
  if (!view) return { ...status, table: null }
  const { tableFingerprint: fingerprint, state, position, updatedAt, holder, parked, staging, previous } = view
  return { ...status, holder, table: { state, fingerprint, position, updatedAt, parked, staging, previous } }
}
