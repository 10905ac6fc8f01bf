// What is in memory of the columns of a segment for a fold of some types.
import type { Plan } from './column-file.ts'
import { loadNumbers, sectionsOf } from './load-column.ts'
import { sectionsOfShape } from './materialise.ts'
import type { ColumnsFile, SegmentColumns } from './segment-columns.ts'
import { loadTexts, wordsOf } from './texts.ts'
import { type SegmentStreams, TypeTable } from './type-table.ts'

export interface LoadedSegment {
  readonly columns: SegmentColumns
  /** By the number of the type in the segment; nothing for those that were not asked for. */
  readonly tables: readonly (TypeTable | undefined)[]
  /** Of each event. */
  readonly type: Uint32Array
  readonly streams: SegmentStreams
}

/** Reads what a fold of these types needs: `none` where the segment has no such events, nothing where any of it is damaged. */
export async function loadSegment(
  columns: SegmentColumns,
  file: ColumnsFile,
  asked: { has(type: string): boolean },
): Promise<LoadedSegment | 'none' | undefined> {
  const { plan, events } = columns
  const wanted = plan.types.map(({ name }) => asked.has(name))
  if (!wanted.includes(true)) return 'none'
  const sections = await columns.read(file, sectionsFor(plan, wanted))
  if (!sections) return undefined
  const read = (section: number) => sections.get(section)!
  const type = loadNumbers(plan.events.type, read, new Uint32Array(events))
  const streams: SegmentStreams = {
    of: loadNumbers(plan.events.stream, read, new Uint32Array(events)),
    position: loadNumbers(plan.events.position, read, new Uint32Array(events)),
    ids: loadTexts(plan.streams.id, read),
    keys: wordsOf(read(plan.streams.keys)),
  }
  const tables = plan.types.map((each, number) =>
    wanted[number] ? new TypeTable(columns, streams, { plan: each, type, number, read }) : undefined,
  )
  return { columns, tables, type, streams }
}

/** In order, each once. */
function sectionsFor({ types, streams, events }: Plan, wanted: readonly boolean[]): number[] {
  const found = new Set<number>([streams.keys, streams.id.offsets, streams.id.units])
  for (const column of [events.type, events.stream, events.position]) {
    for (const section of sectionsOf(column)) found.add(section)
  }
  types.forEach(({ data }, number) => {
    if (!wanted[number]) return
    for (const section of sectionsOf(data.shapeOf)) found.add(section)
    for (const { shape } of data.shapes) for (const section of sectionsOfShape(shape)) found.add(section)
  })
  return [...found].sort((a, b) => a - b)
}
