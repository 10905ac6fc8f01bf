// `GET /tables/{name}`: pages of a read table by conditions and order, and on request only when the table contains what the caller has just written.
import type { Context } from 'hono'
import { IndelibleError, type Position, type Projection, type RunningSystem } from 'indelible'
import { json, linkTo, positionHeader } from './answers.ts'
import { cursorCharactersMax, pageDefault, pageMax, waitMsDefault, waitMsMax } from './limits.ts'
import { invalid, read, text, wholeNumber } from './parameters.ts'
import type { Operation, Route } from './route.ts'
import {
  columnSchemas,
  cursorOf,
  isListParameter,
  isSelectionParameter,
  selectionIn,
  selectionParameters,
} from './table-query/index.ts'
import type { Waits } from './waits.ts'

const name = text('name', { in: 'path', description: 'The name of the read table.' })
const limit = wholeNumber('limit', {
  in: 'query',
  min: 1,
  max: pageMax,
  default: pageDefault,
  description: 'The most rows that the page has.',
})
const after = text('after', {
  in: 'query',
  description: 'Where the page before ended; the link to the next page has it. It belongs to the order of that page.',
  bytesMax: cursorCharactersMax,
})
const waitFor = wholeNumber('waitFor', {
  in: 'query',
  description: `Answer only when the table shows everything up to this position: the ${positionHeader} that a command answered.`,
})
const waitForHeader = wholeNumber('X-Wait-For', {
  in: 'header',
  description: 'The same as waitFor, for clients that set headers more easily than addresses. Give one of them.',
})
const timeoutMs = wholeNumber('timeoutMs', {
  in: 'query',
  max: waitMsMax,
  default: waitMsDefault,
  description: 'How long to wait for that.',
})

export function tableRoute(running: RunningSystem, waits: Waits): Route {
  const { projections } = running.system
  return {
    method: 'GET',
    path: '/tables/{name}',
    parameters: [name, limit, after, waitFor, waitForHeader, timeoutMs],
    isQuery: isSelectionParameter,
    isList: isListParameter,
    async handle(c) {
      const projection = projections.find((each) => each.name === read(c, name))
      if (!projection) throw new IndelibleError('unknown_projection', `There is no read table "${read(c, name)}".`)
      const { table } = projection
      const count = read(c, limit) ?? pageDefault
      const { options, order } = selectionIn(c.req.raw, table, read(c, after))

      await waitIfAsked(running, projection, { c, waits })
      // Asked before the rows are read, so that they show at least this much.
      const position = await positionOf(running, projection)
      const rows = await running.select(projection, { ...options, limit: count + 1 })
      const page = rows.slice(0, count)
      const more = () => ({ after: cursorOf(page.at(-1)!, order), waitFor: undefined, timeoutMs: undefined })
      const next = rows.length > count ? linkTo(c.req.raw, more()) : null
      return json(
        { table: table.name, rows: page, position, next },
        { headers: { [positionHeader]: String(position) } },
      )
    },
    operations: projections.map(operationOf),
  }
}

async function waitIfAsked(
  running: RunningSystem,
  projection: Projection,
  { c, waits }: { c: Context; waits: Waits },
): Promise<void> {
  const [asked, inHeader] = [read(c, waitFor), read(c, waitForHeader)]
  if (asked !== undefined && inHeader !== undefined) {
    throw invalid(waitForHeader.name, 'Say what to wait for once: with waitFor or with X-Wait-For.')
  }
  const position = asked ?? inHeader
  const options = { timeoutMs: read(c, timeoutMs) ?? waitMsDefault, signal: c.req.raw.signal }
  if (position !== undefined) await waits.one(() => running.waitFor(projection, position, options))
}

async function positionOf(running: RunningSystem, { name }: Projection): Promise<Position> {
  return await running.consumers.position({ name })
}

function operationOf({ table }: Projection): Operation {
  const { columns, required } = columnSchemas(table)
  return {
    path: `/tables/${table.name}`,
    tag: 'tables',
    summary: `Rows of ${table.name}`,
    description: `In the order of the key (${table.key.join(', ')}), unless orderBy says otherwise.`,
    extraParameters: selectionParameters(table),
    answers: {
      200: {
        description: 'One page, and the link to the next; null where this is the last.',
        schema: {
          type: 'object',
          required: ['table', 'rows', 'position', 'next'],
          properties: {
            table: { const: table.name },
            rows: { type: 'array', items: { type: 'object', required, properties: columns } },
            position: { type: 'integer', description: 'The rows show everything up to here, perhaps more.' },
            next: { type: ['string', 'null'], format: 'uri-reference' },
          },
        },
        headers: [positionHeader],
      },
    },
    problems: [400, 404, 504],
  }
}
