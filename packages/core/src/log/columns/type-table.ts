// The events of one type in a segment, with their data ready to be made.
import type { PayloadPlan, TypePlan } from './column-file.ts'
import { loadNumbers, sectionsOf } from './load-column.ts'
import { loadShape, type Shape, sectionsOfShape } from './materialise.ts'
import type { SegmentColumns } from './segment-columns.ts'
import type { ReadSection, Texts } from './texts.ts'

/** Where the events of a segment belong; events by their place in the columns. */
export interface SegmentStreams {
  /** Of each event the number of its stream id. */
  readonly of: Uint32Array
  /** Of each event its number in the order of the log. */
  readonly position: Uint32Array
  readonly ids: Texts
  /** Of each stream id its key, in four numbers. */
  readonly keys: Uint32Array
}

export class TypeTable {
  readonly name: string
  readonly columns: SegmentColumns
  readonly streams: SegmentStreams
  /** Of each event of the type its place in the columns. */
  readonly events: Uint32Array
  readonly #plan: TypePlan
  readonly #data: PayloadTable
  #metadata: PayloadTable | undefined | 'damaged'

  constructor(
    columns: SegmentColumns,
    streams: SegmentStreams,
    { plan, type, number, read }: { plan: TypePlan; type: Uint32Array; number: number; read: ReadSection },
  ) {
    this.name = plan.name
    this.columns = columns
    this.streams = streams
    this.#plan = plan
    this.events = new Uint32Array(plan.events)
    for (let event = 0, row = 0; event < type.length; event++) if (type[event] === number) this.events[row++] = event
    this.#data = new PayloadTable(plan.data, plan.events, read)
  }

  /** Nothing where the log must be asked. */
  data(row: number): unknown {
    return this.#data.at(row)
  }

  /** The same; it is read on first use. */
  metadata(row: number): unknown {
    this.#metadata ??= this.#loadMetadata()
    return this.#metadata === 'damaged' ? undefined : this.#metadata.at(row)
  }

  #loadMetadata(): PayloadTable | 'damaged' {
    const { metadata, events } = this.#plan
    const wanted = [
      ...sectionsOf(metadata.shapeOf),
      ...metadata.shapes.flatMap(({ shape }) => [...sectionsOfShape(shape)]),
    ]
    const sections = this.columns.readNow(wanted)
    return sections ? new PayloadTable(metadata, events, (section) => sections.get(section)!) : 'damaged'
  }
}

class PayloadTable {
  readonly #shapes: readonly (Shape | undefined)[]
  /** Left out where there is only one. */
  readonly #shapeOf: Uint16Array | undefined
  /** Of each payload its place among those of its shape. */
  readonly #rows: Uint32Array | undefined

  constructor({ shapes, shapeOf }: PayloadPlan, events: number, read: ReadSection) {
    this.#shapes = shapes.map(({ count, shape }) => {
      return 'is' in shape && shape.is === 'log' ? undefined : loadShape(shape, count, read)
    })
    if (shapes.length === 1) return
    this.#shapeOf = loadNumbers(shapeOf, read, new Uint16Array(events))
    this.#rows = new Uint32Array(events)
    const next = new Uint32Array(shapes.length)
    for (let row = 0; row < events; row++) this.#rows[row] = next[this.#shapeOf[row]!]!++
  }

  at(row: number): unknown {
    if (this.#rows === undefined) {
      const [only] = this.#shapes
      return only?.make(only.columns, row)
    }
    const shape = this.#shapes[this.#shapeOf![row]!]
    return shape?.make(shape.columns, this.#rows[row]!)
  }
}
