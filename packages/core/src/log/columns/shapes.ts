// Sorts payloads by their shape, the keys of an object in their order with those of the objects in it, and takes them apart into one list of values for
// each place.
import type { PayloadPlan, ShapePlan } from './column-file.ts'
import { encodeColumn, encodeTexts, isPlainNumber, type SectionList } from './encode-column.ts'

/** The shapes of a type in a segment. What does not fit into so many is kept as text. */
export const shapesMax = 16
/** The values of one payload, and how deep they may lie; beyond that it is kept as text. */
export const shapeValuesMax = 128
export const shapeDepthMax = 8

type Collector =
  | { readonly keys: readonly string[]; readonly parts: readonly Collector[] }
  | { readonly keys: undefined; readonly values: unknown[] }

const asText = -1
const inLog = -2

export class Payloads {
  readonly #shapes: { readonly collector: Collector; count: number }[] = []
  readonly #shapeOf: number[] = []
  readonly #texts: string[] = []
  #latest = 0

  /** A value as JSON.parse gave it; `text` gives what it was parsed from. */
  add(value: unknown, text: () => string): void {
    let shape = this.#find(value)
    if (shape < 0) shape = this.#begin(value)
    if (shape < 0) {
      this.#texts.push(text())
      this.#shapeOf.push(asText)
      return
    }
    const { collector } = this.#shapes[shape]!
    this.#shapes[shape]!.count++
    this.#shapeOf.push(shape)
    this.#latest = shape
    push(collector, value)
  }

  /** One that only the log has. */
  addInLog(): void {
    this.#shapeOf.push(inLog)
  }

  encode(sections: SectionList): PayloadPlan {
    const shapes: { count: number; shape: ShapePlan }[] = this.#shapes.map(({ collector, count }) => {
      return { count, shape: encoded(collector, sections) }
    })
    const numbers = new Map<number, number>()
    if (this.#texts.length > 0) {
      const shape = { is: 'json', texts: encodeTexts(this.#texts, sections) } as const
      numbers.set(asText, shapes.push({ count: this.#texts.length, shape }) - 1)
    }
    const others = this.#shapeOf.filter((shape) => shape === inLog).length
    if (others > 0) numbers.set(inLog, shapes.push({ count: others, shape: { is: 'log' } }) - 1)
    const shapeOf = this.#shapeOf.map((shape) => numbers.get(shape) ?? shape)
    return { shapeOf: encodeColumn(shapeOf, sections), shapes }
  }

  #find(value: unknown): number {
    const { length } = this.#shapes
    for (let tried = 0; tried < length; tried++) {
      // Most often the next is like the one before.
      const shape = (this.#latest + tried) % length
      if (fits(this.#shapes[shape]!.collector, value)) return shape
    }
    return -1
  }

  #begin(value: unknown): number {
    if (this.#shapes.length >= shapesMax) return -1
    const room = { values: shapeValuesMax }
    const collector = collectorFor(value, room, 0)
    return collector ? this.#shapes.push({ collector, count: 0 }) - 1 : -1
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
  if (!isObject(value)) return --room.values >= 0 && isValue(value) ? { keys: undefined, values: [] } : undefined
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

function push(collector: Collector, value: unknown): void {
  if (collector.keys === undefined) {
    collector.values.push(value)
    return
  }
  const { keys, parts } = collector
  for (let at = 0; at < keys.length; at++) push(parts[at]!, (value as Record<string, unknown>)[keys[at]!])
}

function encoded(collector: Collector, sections: SectionList): ShapePlan {
  if (collector.keys === undefined) return encodeColumn(collector.values, sections)
  const { keys, parts } = collector
  return { fields: keys.map((key, at) => [key, encoded(parts[at]!, sections)] as const) }
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
