// Chooses for the values of a column how to keep them, by what they are: nobody declares it.
import type { ColumnPlan, NumberKind, Section, TextPlan } from './column-file.ts'

/** More different texts than this are kept one by one. */
const choicesMax = 4096
/** A constant stands in the plan, which everybody reads. */
const constantUnitsMax = 256

/** The sections of a file that is being made. */
export class SectionList {
  readonly all: Uint8Array[] = []

  add(values: ArrayBufferView): Section {
    return this.all.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) - 1
  }
}

/** Values are scalars and arrays as JSON.parse gives them. */
export function encodeColumn(values: readonly unknown[], sections: SectionList): ColumnPlan {
  const [first] = values
  if (isConstant(first) && values.every((value) => Object.is(value, first))) return { is: 'constant', value: first }
  const kinds = new Set<string>()
  for (const value of values) kinds.add(kindOf(value))
  const hasNulls = kinds.delete('null')
  const nulls = hasNulls ? { nulls: sections.add(Uint8Array.from(values, (value) => (value === null ? 1 : 0))) } : {}
  const [kind] = kinds
  if (kinds.size > 1 || kind === 'object') {
    const texts = values.map((value) => (value === null ? '' : jsonOf(value)))
    return { is: 'json', texts: encodeTexts(texts, sections), ...nulls }
  }
  if (kind === 'number') {
    return { ...encodeNumbers(hasNulls ? values.map((value) => value ?? 0) : values, sections), ...nulls }
  }
  if (kind === 'boolean') {
    return { is: 'bool', values: sections.add(Uint8Array.from(values, (value) => (value === true ? 1 : 0))), ...nulls }
  }
  return { ...encodeStrings((hasNulls ? values.map((value) => value ?? '') : values) as string[], sections), ...nulls }
}

export function encodeTexts(texts: readonly string[], sections: SectionList): TextPlan {
  const offsets = new Uint32Array(texts.length + 1)
  texts.forEach((text, index) => {
    offsets[index + 1] = offsets[index]! + text.length
  })
  const wide = texts.some(isWide)
  const units = Buffer.alloc(offsets.at(-1)! * (wide ? 2 : 1))
  for (let index = 0; index < texts.length; index++) {
    if (wide) units.write(texts[index]!, 2 * offsets[index]!, 'utf16le')
    else units.write(texts[index]!, offsets[index]!, 'latin1')
  }
  return { count: texts.length, wide, offsets: sections.add(offsets), units: sections.add(units) }
}

/** Numbers that come back as they are: `JSON.parse` of a payload gives -0 and, for very large ones, infinities. */
export function isPlainNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0)
}

function isConstant(value: unknown): value is string | number | boolean | null {
  if (typeof value === 'string') return value.length <= constantUnitsMax
  return value === null || typeof value === 'boolean' || (typeof value === 'number' && isPlainNumber(value))
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}

function jsonOf(value: unknown): string {
  if (typeof value !== 'number' || isPlainNumber(value)) return JSON.stringify(value)
  return value === 0 ? '-0' : value < 0 ? '-1e999' : '1e999'
}

const ranges = [
  ['u8', 0, 0xff, Uint8Array],
  ['i8', -0x80, 0x7f, Int8Array],
  ['u16', 0, 0xffff, Uint16Array],
  ['i16', -0x8000, 0x7fff, Int16Array],
  ['i32', -0x8000_0000, 0x7fff_ffff, Int32Array],
] as const

function encodeNumbers(
  given: readonly unknown[],
  sections: SectionList,
): { readonly is: NumberKind; readonly values: Section } {
  const values = Float64Array.from(given as readonly number[])
  let [low, high, whole] = [0, 0, true]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
    whole &&= (value | 0) === value && !Object.is(value, -0)
  }
  const range = whole ? ranges.find(([, least, most]) => low >= least && high <= most) : undefined
  if (!range) return { is: 'f64', values: sections.add(values) }
  const [is, , , Numbers] = range
  return { is, values: sections.add(Numbers.from(values)) }
}

function encodeStrings(texts: readonly string[], sections: SectionList): ColumnPlan {
  const numbers = new Map<string, number>()
  const values = new Uint16Array(texts.length)
  const most = Math.min(choicesMax, Math.ceil(texts.length / 2))
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index]!
    let number = numbers.get(text)
    if (number === undefined) {
      number = numbers.size
      if (number >= most) return { is: 'text', texts: encodeTexts(texts, sections) }
      numbers.set(text, number)
    }
    values[index] = number
  }
  const choices = encodeTexts([...numbers.keys()], sections)
  return { is: 'choice', choices, values: sections.add(numbers.size <= 256 ? Uint8Array.from(values) : values) }
}

function isWide(text: string): boolean {
  for (let unit = 0; unit < text.length; unit++) if (text.charCodeAt(unit) > 0xff) return true
  return false
}
