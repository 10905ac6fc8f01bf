// How events are printed: a line each, in straight columns for people, as JSON for programs.
import type { RecordedEvent } from 'indelible'
import stringWidth from 'string-width'
import type { Output } from './output.ts'
import { escapeControls, jsonLine, padToCells, truncate } from './text.ts'

interface Layout {
  /** The room that a line has. */
  readonly columns: number
  readonly shortTime: boolean
  /** What is kept of each end of a long id. */
  readonly idEnds: number
  /** The widest that a column is made for the sake of the lines below a long name. */
  readonly streamCellsMax: number
  readonly typeCellsMax: number
}

const full: Layout = { columns: Infinity, shortTime: false, idEnds: Infinity, streamCellsMax: 48, typeCellsMax: 32 }
const broad: Layout = { ...full, idEnds: 6, streamCellsMax: 32 }
const narrow: Layout = { ...full, shortTime: true, idEnds: 4, streamCellsMax: 24, typeCellsMax: 16 }

/** Left out in this order where the data would have less room than that. */
const extraColumns: readonly string[] = ['actor', 'validAt']
const dataCellsMin = 24
const extraCellsMax = 40

type Column = 'position' | 'time' | 'validAt' | 'stream' | 'type' | 'actor'
type Row = Readonly<Record<Column | 'data', string>>

const columns: readonly { readonly name: Column; readonly style: 'dim' | 'cyan' | 'bold' | undefined }[] = [
  { name: 'position', style: undefined },
  { name: 'time', style: 'dim' },
  { name: 'validAt', style: 'dim' },
  { name: 'stream', style: 'cyan' },
  { name: 'type', style: 'bold' },
  { name: 'actor', style: 'dim' },
]

/** Makes the lines of a batch. Columns stay as wide as they were, so that the next batch stands straight below. */
export function eventLines(
  out: Output,
  { json, wide }: { json: boolean; wide: boolean },
): (events: readonly RecordedEvent[]) => string {
  if (json) return (events) => events.map((event) => `${jsonLine(event)}\n`).join('')
  const layout = wide || !out.isTerminal ? full : { ...(out.columns < 100 ? narrow : broad), columns: out.columns }
  const cellsMax: Readonly<Record<Column, number>> = {
    position: Infinity,
    time: Infinity,
    validAt: extraCellsMax,
    stream: layout.streamCellsMax,
    type: layout.typeCellsMax,
    actor: extraCellsMax,
  }
  const widths: Record<Column, number> = { position: 0, time: 0, validAt: 0, stream: 0, type: 0, actor: 0 }

  return (events) => {
    const rows = events.map((event) => cellsOf(event, layout))
    for (const { name } of columns) {
      for (const row of rows) widths[name] = Math.max(widths[name], Math.min(cellsMax[name], stringWidth(row[name])))
    }
    const shown = shownColumns()
    return rows.map((row) => line(row, shown)).join('')
  }

  /** Those in which any event had something to say, as far as there is room. */
  function shownColumns(): typeof columns {
    let shown = columns.filter(({ name }) => widths[name] > 0)
    for (const extra of extraColumns) {
      const room = shown.reduce((left, { name }) => left - widths[name] - 2, layout.columns)
      if (room < dataCellsMin) shown = shown.filter(({ name }) => name !== extra)
    }
    return shown
  }

  function line(row: Row, shown: typeof columns): string {
    let room = layout.columns
    const parts = shown.map(({ name, style }) => {
      const width = widths[name]
      const fitting = truncate(name === 'position' ? row[name].padStart(width) : padToCells(row[name], width), room)
      room -= stringWidth(fitting) + 2
      return style ? out.paint(style, fitting) : fitting
    })
    return `${[...parts, truncate(row.data, room)].join('  ').trimEnd()}\n`
  }
}

function cellsOf(event: RecordedEvent, { shortTime, idEnds }: Layout): Row {
  const { position, recordedAt, category, type, data, dataBytes, contentType, version } = event
  const { actor } = event.metadata
  const id = escapeControls(event.streamId)
  // What tells generated ids apart is at their ends.
  const shownId = id.length <= 2 * idEnds + 8 ? id : `${id.slice(0, idEnds)}…${id.slice(-idEnds)}`
  return {
    position: String(position),
    time: shortTime ? recordedAt.slice(5, 19).replace('T', ' ') : recordedAt,
    validAt: validText(event),
    stream: `${category}-${shownId}@${version}`,
    type: escapeControls(type),
    actor: actor === undefined ? '' : `by ${escapeControls(String(actor))}`,
    data: data instanceof Uint8Array ? `${dataBytes.length} bytes of ${escapeControls(contentType)}` : jsonLine(data),
  }
}

/** When it was true in the world, where that is another time than the one beside it. */
function validText({ validAt, recordedAt }: RecordedEvent): string {
  const isOther = validAt !== undefined && Date.parse(validAt) !== Date.parse(recordedAt)
  return isOther ? `valid ${validAt}` : ''
}
