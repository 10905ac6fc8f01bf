// Columns as they stand in a file, from values in its order.
import type { ColumnPlan, NumberKind, Section, SectionList, TextPlan } from './column-file.ts'
import { letGo } from './growing.ts'
import { TextValues } from './text-values.ts'

export function encodeTexts(texts: readonly string[], sections: SectionList): TextPlan {
  const values = new TextValues()
  for (const text of texts) values.push(text)
  return values.encode(
    Uint32Array.from(texts, (_, index) => index),
    sections,
  )
}

/** Whole numbers from 0 on; there must be one. */
export function encodeWholeNumbers(values: Uint8Array | Uint32Array, sections: SectionList): ColumnPlan {
  const [first] = values
  if (values.every((value: number) => value === first)) return { is: 'constant', value: first! }
  return encodeNumbers(Float64Array.from(values), sections)
}

const ranges = [
  ['u8', 0, 0xff, Uint8Array],
  ['i8', -0x80, 0x7f, Int8Array],
  ['u16', 0, 0xffff, Uint16Array],
  ['i16', -0x8000, 0x7fff, Int16Array],
  ['i32', -0x8000_0000, 0x7fff_ffff, Int32Array],
] as const

/** The array is empty then, unless it is what was chosen. */
export function encodeNumbers(
  values: Float64Array,
  sections: SectionList,
): { readonly is: NumberKind; readonly values: Section } {
  let [low, high, whole] = [0, 0, true]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
    whole &&= (value | 0) === value && !Object.is(value, -0)
  }
  const range = whole ? ranges.find(([, least, most]) => low >= least && high <= most) : undefined
  if (!range) return { is: 'f64', values: sections.add(values) }
  const [is, , , Numbers] = range
  const narrow = Numbers.from(values)
  letGo(values)
  return { is, values: sections.add(narrow) }
}

/** Numbers that come back as they are: `JSON.parse` of a payload gives -0 and, for very large ones, infinities. */
export function isPlainNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0)
}
