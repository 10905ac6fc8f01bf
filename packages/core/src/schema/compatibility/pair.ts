// Two forms that are compared, at a place; and how a problem is said.
import type { Form } from './forms.ts'
import type { SchemaProblem, SchemaRule } from './problems.ts'

/** What the two sides are called in messages: `Old events may have … here, and the new schema takes …`. */
export interface SideNames {
  readonly writer: string
  readonly reader: string
}

export interface Sides {
  readonly writer: unknown
  readonly reader: unknown
  readonly names: SideNames
}

export interface Pair {
  readonly form: Form
  readonly reader: Form
  readonly path: string
  readonly comparison: Comparing
}

/** The comparison that a pair is part of. */
export interface Comparing {
  readonly sides: Sides
  /** Whether references lead to the same on both sides. */
  readonly isSameRoot: boolean
  problems(writer: unknown, reader: unknown, path: string): readonly SchemaProblem[]
  /** Of one form of the writer against all forms of the reader. */
  formProblems(form: Form, readers: readonly Form[], path: string): readonly SchemaProblem[]
}

export function breaking(rule: SchemaRule, path: string, message: string): SchemaProblem {
  return { path, rule, certainty: 'breaking', message }
}

export function unclear(rule: SchemaRule, path: string, message: string): SchemaProblem {
  return { path, rule, certainty: 'cannot tell', message }
}

/** Each problem once. */
export function once(problems: readonly SchemaProblem[]): readonly SchemaProblem[] {
  return [...new Map(problems.map((each) => [`${each.path} ${each.rule} ${each.message}`, each])).values()]
}

/** The only value of a form, if it has just one. */
export function onlyValue({ values }: Form): { readonly is: unknown } | undefined {
  return values?.length === 1 ? { is: values[0] } : undefined
}
