// Schemas of inputs and payloads come from any library with Standard Schema (https://standardschema.dev). None of them is a dependency.
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { type ErrorCode, IndelibleError } from './errors.ts'
import { schemaVersionMax } from './limits.ts'

export type Schema<Output = unknown, Input = Output> = StandardSchemaV1<Input, Output>

/** One problem of a value, and its place in the value. */
export interface SchemaIssue {
  readonly path: string
  readonly message: string
}

/** Returns the output of the schema (with defaults filled in). Throws `code` with all issues in `details.issues`, or `schema_async`. */
export function parse<Output>(
  // biome-ignore lint/suspicious/noExplicitAny: whatever the schema takes, it is about to say whether this value is that
  schema: Schema<Output, any>,
  value: unknown,
  what: string,
  code: ErrorCode,
): Output {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    throw new IndelibleError('schema_async', `The schema of ${what} is asynchronous. Use a synchronous one.`)
  }
  if (!result.issues) return result.value
  const issues = result.issues.flatMap((issue) => readableIssues(issue))
  const list = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ')
  throw new IndelibleError(code, `${what} does not fit its schema: ${list}`, { details: { issues } })
}

/** A value that fits no variant of a union has the issues of each variant too, where the library tells them (Zod in `errors`, Valibot in `issues`). */
function readableIssues(issue: UnionIssue, before: readonly string[] = []): readonly SchemaIssue[] {
  const own = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part))
  const path = [...before, ...own]
  const variants = issue.errors?.flat() ?? issue.issues ?? []
  // Valibot tells the paths of variants from the beginning, Zod from the union on.
  const nested = variants.flatMap((each) => readableIssues(each, issue.errors ? path : before))
  return [{ path: path.join('.'), message: issue.message }, ...nested]
}

interface UnionIssue extends StandardSchemaV1.Issue {
  readonly errors?: readonly (readonly UnionIssue[])[]
  readonly issues?: readonly UnionIssue[]
}

/** Whether something is a schema of a library that speaks Standard Schema. */
export function isSchema(schema: unknown): schema is Schema {
  return typeof (schema as Schema | undefined)?.['~standard']?.validate === 'function'
}

/** Of an event's data. */
export function isSchemaVersion(version: unknown): version is number {
  return Number.isInteger(version) && (version as number) >= 1 && (version as number) <= schemaVersionMax
}

/**
 * Why the output of a schema cannot be JSON, if its library can tell (https://standardschema.dev/json-schema) and names a type that JSON does not have.
 * Libraries also fail for schemas that JSON Schema cannot describe, such as a transformation; that says nothing about the output.
 */
export function outputProblem(schema: Schema): string | undefined {
  try {
    toJsonSchema(schema)
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return /\b(date|bigint|symbol|map|set|function)\b/i.test(message) ? message : undefined
  }
}

/** The JSON Schema of the output of a schema. If the library cannot make one, a schema that allows anything. */
export function outputJsonSchema(schema: Schema): Readonly<Record<string, unknown>> {
  try {
    return toJsonSchema(schema) ?? {}
  } catch {
    return {}
  }
}

function toJsonSchema(schema: Schema): Readonly<Record<string, unknown>> | undefined {
  const standard = schema?.['~standard'] as Partial<StandardJSONSchemaV1.Props> | undefined
  return standard?.jsonSchema?.output({ target: 'draft-2020-12' })
}
