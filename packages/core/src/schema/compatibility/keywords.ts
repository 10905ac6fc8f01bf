// Numbers and texts: each keyword of the reader, and whether all values of the writer keep to it.
import { type Form, fitsPattern, wordsIn } from './forms.ts'
import { breaking, onlyValue, type Pair, unclear } from './pair.ts'
import type { SchemaProblem } from './problems.ts'

/** `yes`: all values keep to it. `no`: one may not. */
type Kept = 'yes' | 'no' | 'cannot tell'

type Keyword = (form: Form, limit: never) => Kept

const ofNumbers: Readonly<Record<string, Keyword>> = {
  minimum: (form, limit: number) => is(lowest(form).value >= limit),
  exclusiveMinimum: (form, limit: number) => {
    const { value, isIn } = lowest(form)
    return is(value > limit || (value === limit && !isIn))
  },
  maximum: (form, limit: number) => is(highest(form).value <= limit),
  exclusiveMaximum: (form, limit: number) => {
    const { value, isIn } = highest(form)
    return is(value < limit || (value === limit && !isIn))
  },
  multipleOf: (form, step: number) => {
    const only = onlyValue(form)
    if (only) return is(isMultiple(only.is as number, step))
    const steps = [...wordsIn<number>(form, 'multipleOf'), ...(form.kind === 'integer' ? [1] : [])]
    return is(steps.some((each) => isMultiple(each, step)))
  },
}

const ofTexts: Readonly<Record<string, Keyword>> = {
  minLength: (form, limit: number) => {
    const only = onlyValue(form)
    const least = only ? lengthOf(only.is) : Math.max(0, ...wordsIn<number>(form, 'minLength'))
    return least >= limit ? 'yes' : notShown(form)
  },
  maxLength: (form, limit: number) => {
    const only = onlyValue(form)
    const most = only ? lengthOf(only.is) : Math.min(Number.POSITIVE_INFINITY, ...wordsIn<number>(form, 'maxLength'))
    return most <= limit ? 'yes' : notShown(form)
  },
  pattern: (form, pattern: string) => {
    const only = onlyValue(form)
    if (only) return is(fitsPattern(pattern, only.is as string))
    return wordsIn<string>(form, 'pattern').includes(pattern) ? 'yes' : notShown(form)
  },
  format: (form, format: string) => {
    if (wordsIn<string>(form, 'format').includes(format)) return 'yes'
    return onlyValue(form) ? 'cannot tell' : notShown(form)
  },
}

export function scalarProblems({ form, reader, path, comparison }: Pair): readonly SchemaProblem[] {
  const keywords = form.kind === 'string' ? ofTexts : form.kind === 'integer' || form.kind === 'number' ? ofNumbers : {}
  const { writer, reader: readerName } = comparison.sides.names
  return reader.all.flatMap((schema) =>
    Object.entries(keywords).flatMap(([word, kept]) => {
      const limit = schema[word]
      if (limit === undefined) return []
      const answer = kept(form, limit as never)
      if (answer === 'yes') return []
      const rule = word === 'pattern' || word === 'format' ? 'pattern_changed' : 'limit_narrowed'
      const had = wordsIn(form, word)
      const only = onlyValue(form)
      const was = only
        ? JSON.stringify(only.is)
        : had.length > 0
          ? `${word} ${had.map((each) => JSON.stringify(each)).join(', ')}`
          : `no ${word}`
      const message = `${writer} have ${was} here, and ${readerName} has ${word} ${JSON.stringify(limit)}.`
      return [answer === 'no' ? breaking(rule, path, message) : unclear(rule, path, message)]
    }),
  )
}

interface Bound {
  readonly value: number
  /** Whether the bound itself is a value. */
  readonly isIn: boolean
}

function lowest(form: Form): Bound {
  const only = onlyValue(form)
  if (only) return { value: only.is as number, isIn: true }
  const bounds: Bound[] = [
    ...wordsIn<number>(form, 'minimum').map((value) => ({ value, isIn: true })),
    ...wordsIn<number>(form, 'exclusiveMinimum').map((value) => ({ value, isIn: false })),
  ]
  const whole = form.kind === 'integer'
  const tight = bounds.map((bound) =>
    whole ? { value: bound.isIn ? Math.ceil(bound.value) : Math.floor(bound.value) + 1, isIn: true } : bound,
  )
  return tight.reduce(
    (best, each) => (each.value > best.value || (each.value === best.value && !each.isIn) ? each : best),
    { value: Number.NEGATIVE_INFINITY, isIn: true },
  )
}

function highest(form: Form): Bound {
  const only = onlyValue(form)
  if (only) return { value: only.is as number, isIn: true }
  const bounds: Bound[] = [
    ...wordsIn<number>(form, 'maximum').map((value) => ({ value, isIn: true })),
    ...wordsIn<number>(form, 'exclusiveMaximum').map((value) => ({ value, isIn: false })),
  ]
  const whole = form.kind === 'integer'
  const tight = bounds.map((bound) =>
    whole ? { value: bound.isIn ? Math.floor(bound.value) : Math.ceil(bound.value) - 1, isIn: true } : bound,
  )
  return tight.reduce(
    (best, each) => (each.value < best.value || (each.value === best.value && !each.isIn) ? each : best),
    { value: Number.POSITIVE_INFINITY, isIn: true },
  )
}

/** A pattern or a format may keep values out that would break the limit. */
function notShown(form: Form): Kept {
  const hidden = ['pattern', 'format'].some((word) => wordsIn(form, word).length > 0)
  return hidden ? 'cannot tell' : 'no'
}

function is(kept: boolean): Kept {
  return kept ? 'yes' : 'no'
}

function isMultiple(value: number, step: number): boolean {
  return Number.isInteger(value / step)
}

/** JSON Schema counts characters, not the halves that UTF-16 has of some. */
function lengthOf(text: unknown): number {
  return [...(text as string)].length
}
