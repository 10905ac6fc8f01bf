// How events are printed: a line each, in straight columns for people, as JSON for programs.
import type { RecordedEvent } from 'indelible'
import type { Output } from './output.ts'
import { cells, cut, jsonLine, padded, visible } from './text.ts'

/** The widest that a column grows on account of an unusually long name. */
const columnCellsMax = { stream: 48, type: 32 }

/** Makes the lines of a batch. Columns stay as wide as the widest value before, so that the next batch stands below straight. */
export function eventLines(out: Output, { json, wide }: { json: boolean; wide: boolean }): (events: readonly RecordedEvent[]) => string {
  if (json) return (events) => events.map((event) => `${jsonLine(event)}\n`).join('')
  const columns = wide ? Number.POSITIVE_INFINITY : out.columns
  const narrow = columns < 100
  const widths = { position: 0, stream: 0, type: 0 }

  const line = (event: RecordedEvent): string => {
    const position = String(event.position).padStart(widths.position)
    const time = narrow ? event.recordedAt.slice(5, 19).replace('T', ' ') : event.recordedAt
    const stream = padded(shownStream(event, columns), widths.stream)
    const type = padded(visible(event.type), widths.type)
    const used = cells(position) + cells(time) + cells(stream) + cells(type) + 8
    const data = cut(shownData(event), Math.max(0, columns - used))
    return `${position}  ${out.paint('dim', time)}  ${out.paint('cyan', stream)}  ${out.paint('bold', type)}  ${data}`.trimEnd()
  }

  return (events) => {
    for (const event of events) {
      widths.position = Math.max(widths.position, String(event.position).length)
      widths.stream = Math.max(widths.stream, Math.min(columnCellsMax.stream, cells(shownStream(event, columns))))
      widths.type = Math.max(widths.type, Math.min(columnCellsMax.type, cells(visible(event.type))))
    }
    return events.map((event) => `${line(event)}\n`).join('')
  }
}

/** A long id loses its middle in a narrow terminal; what tells ids apart is at their ends. */
function shownStream({ stream, category, streamId, version }: RecordedEvent, columns: number): string {
  const full = `${visible(stream)}@${version}`
  if (cells(full) <= columns / 3) return full
  const id = visible(streamId)
  return id.length <= 13 ? full : `${category}-${id.slice(0, 6)}…${id.slice(-6)}@${version}`
}

function shownData({ data, dataBytes, contentType }: RecordedEvent): string {
  return data instanceof Uint8Array ? `${dataBytes.length} bytes of ${visible(contentType)}` : jsonLine(data)
}
