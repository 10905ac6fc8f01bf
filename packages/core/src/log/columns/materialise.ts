// Makes payloads from columns: plain objects, as JSON.parse would, but by code that is generated for their shape.
import { canCompile, compiled } from '../format/index.ts'
import type { ShapePlan } from './column-file.ts'
import { type LoadedColumn, loadColumn, sectionsOf, valueAt } from './load-column.ts'
import type { ReadSection } from './texts.ts'

/** A shape that is rarer in a segment is not worth compiling for. */
const compiledRowsMin = 16

/** `make(columns, row)` gives the payload in a row, a new object each time. Passed apart, so that one function serves all segments. */
export interface Shape {
  readonly make: Make
  readonly columns: Columns
}

type Make = (columns: Columns, row: number) => unknown
type Columns = Readonly<Record<string, unknown>>
type LoadedShape = { readonly fields: readonly (readonly [string, LoadedShape])[] } | LoadedColumn

export function loadShape(plan: ShapePlan, count: number, read: ReadSection): Shape {
  const shape = loaded(plan, read)
  if (count < compiledRowsMin || !canCompile()) return { make: assembleRow, columns: { shape } }
  const columns: Record<string, unknown> = {}
  return { make: compiled(expressionOf(shape, columns)), columns }
}

/** The sections that a shape is in. */
export function* sectionsOfShape(plan: ShapePlan): Generator<number> {
  if ('is' in plan) yield* sectionsOf(plan)
  else for (const [, part] of plan.fields) yield* sectionsOfShape(part)
}

function loaded(plan: ShapePlan, read: ReadSection): LoadedShape {
  if ('is' in plan) return loadColumn(plan, read)
  return { fields: plan.fields.map(([key, part]) => [key, loaded(part, read)] as const) }
}

function assembleRow({ shape }: Columns, row: number): unknown {
  return assembled(shape as LoadedShape, row)
}

function assembled(shape: LoadedShape, row: number): unknown {
  if ('is' in shape) return valueAt(shape, row)
  const object: Record<string, unknown> = {}
  for (const [key, part] of shape.fields) object[key] = assembled(part, row)
  return object
}

/** The expression for a shape; puts the arrays that it reads into `columns`, under names that differ by the kind of array. */
function expressionOf(shape: LoadedShape, columns: Record<string, unknown>): string {
  if (!('is' in shape)) {
    // A key comes from payloads, which are not trusted, so it becomes code only as a quoted string.
    return `({${shape.fields.map(([key, part]) => `${JSON.stringify(key)}:${expressionOf(part, columns)}`).join(',')}})`
  }
  const name = (kind: string, part: unknown): string => {
    const name = `${kind}${Object.keys(columns).length}`
    columns[name] = part
    return `v.${name}`
  }
  if (shape.is === 'constant') return name('constant', shape.value)
  if (shape.is === 'log') return 'null'
  const nulls = shape.nulls ? `${name('nulls', shape.nulls)}[r]===1?null:` : ''
  return `(${nulls}${valueExpression(shape, name)})`
}

function valueExpression(
  column: Exclude<LoadedColumn, { is: 'constant' | 'log' }>,
  name: (kind: string, part: unknown) => string,
): string {
  switch (column.is) {
    case 'bool':
      return `${name('bool', column.values)}[r]===1`
    case 'choice':
      return `${name('choices', column.choices)}[${name('choice', column.values)}[r]]`
    case 'text':
      return `${name('text', column.texts)}.at(r)`
    case 'json':
      return `JSON.parse(${name('json', column.texts)}.at(r))`
    default:
      return `${name(column.is, column.values)}[r]`
  }
}
