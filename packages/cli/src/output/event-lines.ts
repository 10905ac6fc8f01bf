// Prints events, one per line: in aligned columns for people, as JSON for programs.
import type { RecordedEvent } from 'indelible'
import stringWidth from 'string-width'
import type { Output } from './output.ts'
import { escapeControls, jsonLine, padToCells, truncate } from './text.ts'

interface Layout {
  /** The cells of a line. */
  readonly columns: number
  readonly shortTime: boolean
  /** The characters that are kept at each end of a long id. */
  readonly idEnds: number
  /** The maximum width of a column, so that one long name does not take the space of all lines. */
  readonly streamCellsMax: number
  readonly typeCellsMax: number
}

const full: Layout = { columns: Infinity, shortTime: false, idEnds: Infinity, streamCellsMax: 48, typeCellsMax: 32 }
const broad: Layout = { ...full, idEnds: 6, streamCellsMax: 32 }
const narrow: Layout = { ...full, shortTime: true, idEnds: 4, streamCellsMax: 24, typeCellsMax: 16 }

/** These columns are left out, in this order, if the data would have fewer cells than `dataCellsMin`. */
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

/** Formats the lines of a batch. Columns never become narrower, so that the next batch is aligned with this one. */
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

  /** The columns with a value in any event, as far as there is space. */
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
  // Generated ids differ at their ends.
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

/** The valid time, if it differs from the recorded time. */
function validText({ validAt, recordedAt }: RecordedEvent): string {
  const isOther = validAt !== undefined && Date.parse(validAt) !== Date.parse(recordedAt)
  return isOther ? `valid ${validAt}` : ''
}
