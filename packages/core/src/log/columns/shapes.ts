// Sorts payloads by their shape, the keys of an object in their order with those of the objects in it, and takes them apart into one list of values for
// each place.
import type { PayloadPlan, SectionList, ShapePlan } from './column-file.ts'
import { ColumnValues } from './column-values.ts'
import { encodeWholeNumbers, isPlainNumber } from './encode-column.ts'
import { Growing } from './growing.ts'
import { occurring, orderOfEach, renumbered } from './orders.ts'
import { TextValues } from './text-values.ts'

/** The shapes of a type in a segment. What does not fit into so many is kept as text. */
const shapesMax = 16
/** The values of one payload, and how deep they may lie; beyond that it is kept as text. */
const shapeValuesMax = 128
const shapeDepthMax = 8

/** Behind the shapes. */
const asText = shapesMax
const inLog = shapesMax + 1

type Collector =
  | { readonly keys: readonly string[]; readonly parts: readonly Collector[] }
  | { readonly keys: undefined; readonly values: ColumnValues }

/** The payloads of a type as they come. */
export class Payloads {
  readonly #shapes: Collector[] = []
  /** Of each payload. */
  readonly #shapeOf = new Growing(Uint8Array)
  /** Of those that have no shape. */
  #texts: TextValues | undefined
  #latest = 0

  /** A value as JSON.parse gave it; `text` gives what it was parsed from. */
  push(value: unknown, text: () => string): void {
    let shape = this.#find(value)
    if (shape < 0) shape = this.#begin(value)
    if (shape < 0) {
      this.#texts ??= new TextValues()
      this.#texts.push(text())
      this.#shapeOf.push(asText)
      return
    }
    this.#shapeOf.push(shape)
    this.#latest = shape
    collect(this.#shapes[shape]!, value)
  }

  /** One that only the log has. */
  pushInLog(): void {
    this.#shapeOf.push(inLog)
  }

  /** All of them, in an order. Their memory is given back. */
  encode(order: Uint32Array, sections: SectionList): PayloadPlan {
    const shapeOf = this.#shapeOf.inOrder(order)
    const orders = orderOfEach(this.#shapeOf.items, inLog + 1, order)
    this.#shapeOf.release()
    const found = occurring(shapeOf, inLog + 1)
    const used = [...found.filter((shape) => shape < asText), ...[asText, inLog].filter((it) => found.includes(it))]
    const shapes = used.map((shape) => {
      return { count: orders[shape]!.length, shape: this.#encodeShape(shape, orders[shape]!, sections) }
    })
    return { shapeOf: encodeWholeNumbers(renumbered(shapeOf, used, inLog + 1), sections), shapes }
  }

  #encodeShape(shape: number, order: Uint32Array, sections: SectionList): ShapePlan {
    if (shape === inLog) return { is: 'log' }
    if (shape === asText) return { is: 'json', texts: this.#texts!.encode(order, sections) }
    return encoded(this.#shapes[shape]!, order, sections)
  }

  #find(value: unknown): number {
    const { length } = this.#shapes
    for (let tried = 0; tried < length; tried++) {
      // Most often the next is like the one before.
      const shape = (this.#latest + tried) % length
      if (fits(this.#shapes[shape]!, value)) return shape
    }
    return -1
  }

  #begin(value: unknown): number {
    if (this.#shapes.length >= shapesMax) return -1
    const room = { values: shapeValuesMax }
    const collector = collectorFor(value, room, 0)
    return collector ? this.#shapes.push(collector) - 1 : -1
  }
}

function fits(collector: Collector, value: unknown): boolean {
  if (collector.keys === undefined) return isValue(value)
  if (!isObject(value)) return false
  const { keys, parts } = collector
  let at = 0
  for (const key in value) {
    if (key !== keys[at] || !fits(parts[at]!, value[key])) return false
    at++
  }
  return at === keys.length
}

/** Nothing where no shape can hold it. */
function collectorFor(value: unknown, room: { values: number }, depth: number): Collector | undefined {
  if (!isObject(value))
    return --room.values >= 0 && isValue(value) ? { keys: undefined, values: new ColumnValues() } : undefined
  if (depth >= shapeDepthMax) return undefined
  const keys = Object.keys(value)
  // In a literal this key means something else.
  if (keys.includes('__proto__')) return undefined
  const parts: Collector[] = []
  for (const key of keys) {
    const part = collectorFor(value[key], room, depth + 1)
    if (!part) return undefined
    parts.push(part)
  }
  return { keys, parts }
}

function collect(collector: Collector, value: unknown): void {
  if (collector.keys === undefined) {
    collector.values.push(value)
    return
  }
  const { keys, parts } = collector
  for (let at = 0; at < keys.length; at++) collect(parts[at]!, (value as Record<string, unknown>)[keys[at]!])
}

function encoded(collector: Collector, order: Uint32Array, sections: SectionList): ShapePlan {
  if (collector.keys === undefined) return collector.values.encode(order, sections)
  const { keys, parts } = collector
  return { fields: keys.map((key, at) => [key, encoded(parts[at]!, order, sections)] as const) }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A scalar, or an array that its own JSON gives back. */
function isValue(value: unknown): boolean {
  return typeof value !== 'object' || value === null || (Array.isArray(value) && comesBack(value, 0))
}

function comesBack(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return isPlainNumber(value)
  if (typeof value !== 'object' || value === null) return true
  return depth < shapeDepthMax && Object.values(value).every((part) => comesBack(part, depth + 1))
}
