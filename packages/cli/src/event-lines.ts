// How events are printed: a line each, in straight columns for people, as JSON for programs.
import type { RecordedEvent } from 'indelible'
import type { Output } from './output.ts'
import { cells, cut, jsonLine, padded, visible } from './text.ts'

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

/** Makes the lines of a batch. Columns stay as wide as they were, so that the next batch stands straight below. */
export function eventLines(
  out: Output,
  { json, wide }: { json: boolean; wide: boolean },
): (events: readonly RecordedEvent[]) => string {
  if (json) return (events) => events.map((event) => `${jsonLine(event)}\n`).join('')
  const layout = wide || !out.isTerminal ? full : { ...(out.columns < 100 ? narrow : broad), columns: out.columns }
  const widths = { position: 0, stream: 0, type: 0 }

  return (events) => {
    const rows = events.map((event) => cellsOf(event, layout))
    for (const { position, stream, type } of rows) {
      widths.position = Math.max(widths.position, position.length)
      widths.stream = Math.max(widths.stream, Math.min(layout.streamCellsMax, cells(stream)))
      widths.type = Math.max(widths.type, Math.min(layout.typeCellsMax, cells(type)))
    }
    return rows.map(line).join('')
  }

  function line({ position, time, stream, type, data }: Row): string {
    let room = layout.columns
    const fit = (text: string) => {
      const fitting = cut(text, room)
      room -= cells(fitting) + 2
      return fitting
    }
    const parts = [
      fit(position.padStart(widths.position)),
      out.paint('dim', fit(time)),
      out.paint('cyan', fit(padded(stream, widths.stream))),
      out.paint('bold', fit(padded(type, widths.type))),
      cut(data, room),
    ]
    return `${parts.join('  ').trimEnd()}\n`
  }
}

type Row = Readonly<Record<'position' | 'time' | 'stream' | 'type' | 'data', string>>

function cellsOf(event: RecordedEvent, { shortTime, idEnds }: Layout): Row {
  const { position, recordedAt, category, type, data, dataBytes, contentType, version } = event
  const id = visible(event.streamId)
  // What tells generated ids apart is at their ends.
  const shownId = id.length <= 2 * idEnds + 8 ? id : `${id.slice(0, idEnds)}…${id.slice(-idEnds)}`
  return {
    position: String(position),
    time: shortTime ? recordedAt.slice(5, 19).replace('T', ' ') : recordedAt,
    stream: `${category}-${shownId}@${version}`,
    type: visible(type),
    data: data instanceof Uint8Array ? `${dataBytes.length} bytes of ${visible(contentType)}` : jsonLine(data),
  }
}
