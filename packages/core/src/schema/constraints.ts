// What a JSON Schema asks of a value, in words.
import type { JsonSchema } from './json-schema.ts'

export function constraintsOf(schema: JsonSchema): readonly string[] {
  const { minLength, maxLength, minItems, maxItems, pattern, format, multipleOf, uniqueItems } = schema
  return [
    span(minLength, maxLength, 'characters'),
    span(minItems, maxItems, 'items'),
    range(schema),
    multipleOf === undefined ? '' : `a multiple of ${multipleOf}`,
    uniqueItems === true ? 'each once' : '',
    // A known format says more than the pattern that comes with it.
    typeof pattern === 'string' && format === undefined ? `matches /${pattern}/` : '',
    'default' in schema ? `by default ${JSON.stringify(schema.default)}` : '',
  ].filter((each) => each !== '')
}

function span(min: unknown, max: unknown, unit: string): string {
  const least = typeof min === 'number' && min > 0 ? min : undefined
  const most = typeof max === 'number' ? max : undefined
  if (least !== undefined && most !== undefined)
    return least === most ? `${figure(least)} ${unit}` : `${figure(least)} to ${figure(most)} ${unit}`
  if (least !== undefined) return `at least ${figure(least)} ${unit}`
  return most === undefined ? '' : `at most ${figure(most)} ${unit}`
}

/** Every integer is a safe one, so that bound says nothing. */
function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const least = typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined
  const most = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  if (least !== undefined && most !== undefined) return `${figure(least)} to ${figure(most)}`
  return [
    least === undefined ? '' : `at least ${figure(least)}`,
    typeof exclusiveMinimum === 'number' ? `more than ${figure(exclusiveMinimum)}` : '',
    most === undefined ? '' : `at most ${figure(most)}`,
    typeof exclusiveMaximum === 'number' ? `less than ${figure(exclusiveMaximum)}` : '',
  ]
    .filter((each) => each !== '')
    .join(', ')
}

function figure(value: number): string {
  return value.toLocaleString('en-US')
}
