// Where the notes of an Event Storming board stand: a swim lane for each lane of the board, a column for each moment, and the notes of a moment below one another.
import {
  type Board,
  type BoardPart,
  type BoardTimeline,
  type DiagramRole,
  linkOfLane,
  type TimelineLane,
  type TimelineMoment,
  timelineOf,
} from 'indelible/schema'
import { fitText, fonts, type TextBlock } from './fit-text.ts'
import type { Box } from './shapes.ts'

export interface PlacedNote extends Box {
  readonly note: Note
  readonly text: TextBlock
}

export interface Note {
  readonly role: DiagramRole
  readonly texts: readonly string[]
  readonly link?: string
}

export interface BoardLayout {
  readonly width: number
  readonly height: number
  readonly frames: readonly Box[]
  readonly notes: readonly PlacedNote[]
  readonly timeline: BoardTimeline
}

/** Begins at the height `top`. */
export function boardLayoutOf(board: Board, top: number): BoardLayout {
  const timeline = timelineOf(board)
  const columns = Math.max(timeline.columns, columnsMin)
  const width = 2 * margin + (columns + 1) * columnWidth + gap
  const notes: PlacedNote[] = []
  const frames: Box[] = []
  /** Places notes below one another, and says where they end. */
  const stacked = (column: number, from: number, of: readonly Note[]) =>
    of.reduce((y, note) => {
      const text = fitText(note.texts, font)
      const height = text.height + 2 * padding
      notes.push({
        note,
        text,
        x: margin + gap + columnWidth * column + noteWidth / 2,
        y: y + height / 2,
        width: noteWidth,
        height,
      })
      return y + height + gap
    }, from)
  let y = inRows(legend, columns + 1, top, stacked) + gap
  for (const lane of timeline.lanes) {
    const ends = [
      stacked(0, y + gap, [headOf(lane)]),
      ...lane.moments.map((moment) => stacked(moment.column + 1, y + gap, notesOf(moment, board))),
    ]
    const bottom = Math.max(...ends)
    frames.push({ x: width / 2, y: (y + bottom) / 2, width: width - 2 * margin, height: bottom - y })
    y = bottom + gap
  }
  const spots = board.hotSpots.map((text): Note => ({ role: 'hotspot', texts: [text] }))
  y = inRows(spots, columns + 1, y + gap, stacked)
  return { width, height: y + margin - gap, frames, notes, timeline }
}

function inRows(
  notes: readonly Note[],
  perRow: number,
  top: number,
  stacked: (column: number, from: number, of: readonly Note[]) => number,
): number {
  let y = top
  for (let first = 0; first < notes.length; first += perRow)
    y = Math.max(...notes.slice(first, first + perRow).map((note, column) => stacked(column, y, [note])))
  return y
}

function headOf({ lane }: TimelineLane): Note {
  const isOurs = lane.kind === 'aggregate' || lane.kind === 'facts'
  return { role: isOurs ? 'aggregate' : 'system', texts: [lane.name, laneWords[lane.kind]], link: linkOfLane(lane) }
}

/** From top to bottom: who sends, the command, what happens, and who listens. */
function notesOf({ senders, command, events }: TimelineMoment, board: Board): readonly Note[] {
  return [
    ...senders.map(
      ({ kind, name }): Note => ({ role: 'process', texts: [name, `${kind} sends`], link: `${kind}/${name}` }),
    ),
    ...(command
      ? [
          {
            role: 'command',
            texts: [command.name, ...refusals(command.refuses)],
            link: `command/${command.name}`,
          } as const,
        ]
      : []),
    ...events.flatMap(({ name, listeners }): readonly Note[] => [
      { role: 'event', texts: [name, 'happened'], link: `event/${name}` },
      ...listeners.map((part) => listenerNote(part, board)),
    ]),
  ]
}

function refusals(refuses: readonly string[]): readonly string[] {
  return refuses.length === 0 ? [] : [`or ${refuses.join(', ')}`]
}

function listenerNote({ kind, name }: BoardPart, board: Board): Note {
  const { role, word, link } = listenerNotes[kind]
  const owner = kind === 'saga' ? board.sagas.find((saga) => saga.name === name)?.owner : undefined
  return { role, texts: [name, owner ? `${word}, ${owner}` : word], link: `${link}/${name}` }
}

const listenerNotes = {
  'decision model': { role: 'facts', word: 'facts', link: 'facts' },
  projection: { role: 'readmodel', word: 'read table', link: 'table' },
  saga: { role: 'process', word: 'saga listens', link: 'saga' },
  policy: { role: 'process', word: 'policy listens', link: 'policy' },
  reaction: { role: 'system', word: 'reaction', link: 'reaction' },
  subscription: { role: 'system', word: 'subscription', link: 'subscription' },
} as const

const laneWords = {
  aggregate: 'aggregate',
  facts: 'commands on facts',
  system: 'other system',
  service: 'service',
  elsewhere: 'events',
} as const

const legend: readonly Note[] = [
  { role: 'command', texts: ['Command', 'somebody wants it'] },
  { role: 'event', texts: ['Event', 'it happened'] },
  { role: 'aggregate', texts: ['Aggregate', 'it decides'] },
  { role: 'process', texts: ['Policy or saga', 'then do that'] },
  { role: 'readmodel', texts: ['Read table', 'people look here'] },
  { role: 'system', texts: ['Outside', 'other systems'] },
  { role: 'hotspot', texts: ['Hot spot', 'an open question'] },
]

const font = { ...fonts.node, cellsMax: 19 }
const noteWidth = 174
const gap = 10
const padding = 7
const columnWidth = noteWidth + gap
export const margin = 20
/** So that the legend fits in two rows. */
const columnsMin = 3
