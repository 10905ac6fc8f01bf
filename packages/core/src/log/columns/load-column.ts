// Columns as they are read from: numbers are widened to few kinds of array, so that the code that reads them is optimised once for all segments.
import type { ColumnPlan, NumberKind } from './column-file.ts'
import { loadTexts, type ReadSection, type Texts } from './texts.ts'

export type LoadedColumn =
  | { readonly is: 'constant'; readonly value: string | number | boolean | null }
  | { readonly is: 'integer'; readonly values: Int32Array; readonly nulls: Uint8Array | undefined }
  | { readonly is: 'number'; readonly values: Float64Array; readonly nulls: Uint8Array | undefined }
  | { readonly is: 'bool'; readonly values: Uint8Array; readonly nulls: Uint8Array | undefined }
  | {
      readonly is: 'choice'
      readonly values: Uint16Array
      readonly choices: readonly string[]
      readonly nulls: Uint8Array | undefined
    }
  | { readonly is: 'text' | 'json'; readonly texts: Texts; readonly nulls: Uint8Array | undefined }
  | { readonly is: 'log' }

const arrays = { u8: Uint8Array, i8: Int8Array, u16: Uint16Array, i16: Int16Array, i32: Int32Array, f64: Float64Array }

export function loadColumn(plan: ColumnPlan, read: ReadSection): LoadedColumn {
  if (plan.is === 'constant' || plan.is === 'log') return plan
  const nulls = plan.nulls === undefined ? undefined : read(plan.nulls)
  if ('texts' in plan) return { is: plan.is, texts: loadTexts(plan.texts, read), nulls }
  if (plan.is === 'bool') return { is: 'bool', values: read(plan.values), nulls }
  if (plan.is === 'choice') {
    const bytes = read(plan.values)
    const values = plan.choices.count <= 256 ? Uint16Array.from(bytes) : new Uint16Array(numbersOf('u16', bytes))
    return { is: 'choice', values, choices: loadTexts(plan.choices, read).all(), nulls }
  }
  const values = numbersOf(plan.is, read(plan.values))
  if (values instanceof Float64Array) return { is: 'number', values, nulls }
  return { is: 'integer', values: values instanceof Int32Array ? values : new Int32Array(values), nulls }
}

export function valueAt(column: LoadedColumn, row: number): unknown {
  if (column.is === 'constant') return column.value
  if (column.is === 'log' || column.nulls?.[row] === 1) return null
  switch (column.is) {
    case 'bool':
      return column.values[row] === 1
    case 'choice':
      return column.choices[column.values[row]!]
    case 'text':
      return column.texts.at(row)
    case 'json':
      return JSON.parse(column.texts.at(row))
    default:
      return column.values[row]
  }
}

/** A column of whole numbers from 0 on, as numbers of the wanted kind. */
export function loadNumbers<Numbers extends Uint16Array | Uint32Array>(
  plan: ColumnPlan,
  read: ReadSection,
  into: Numbers,
): Numbers {
  const column = loadColumn(plan, read)
  if (column.is === 'constant') into.fill(column.value as number)
  else if (column.is === 'integer' || column.is === 'number') into.set(column.values)
  return into
}

/** The sections that a column is in. */
export function* sectionsOf(plan: ColumnPlan): Generator<number> {
  if (plan.is === 'constant' || plan.is === 'log') return
  if (plan.nulls !== undefined) yield plan.nulls
  if ('values' in plan) yield plan.values
  const texts = plan.is === 'choice' ? plan.choices : 'texts' in plan ? plan.texts : undefined
  if (!texts) return
  yield texts.offsets
  yield texts.units
}

function numbersOf(kind: NumberKind, { buffer, byteOffset, byteLength }: Buffer) {
  const Numbers = arrays[kind]
  return new Numbers(buffer as ArrayBuffer, byteOffset, byteLength / Numbers.BYTES_PER_ELEMENT)
}
