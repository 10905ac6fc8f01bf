// Each change of the corpus is judged as it says.
import { type JsonSchema, jsonSchemaOf, schemaProblems } from 'indelible/schema'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { type SchemaChange, schemaChanges, type Verdict } from './schema-changes/index.ts'

const names = { writer: 'Old events', reader: 'the new schema' }

describe('Each of the changes of schemas is judged as the corpus says', () => {
  test('there are at least sixty, each with a name of its own', () => {
    expect(schemaChanges.length).toBeGreaterThanOrEqual(60)
    expect(new Set(schemaChanges.map(({ name }) => name)).size).toBe(schemaChanges.length)
  })

  test.for(schemaChanges.map((change) => [change.name, change] as const))('%s', ([, change]) => {
    const [before, after] = [jsonSchema(change.before), jsonSchema(change.after)]
    expect({ backward: verdict(before, after), forward: verdict(after, before) }).toEqual({
      backward: change.backward,
      forward: change.forward,
    })
  })

  test('where a published rule is stricter or laxer, the corpus says why', () => {
    const unexplained = schemaChanges.filter(({ confluent, backward, differs }) => {
      const theirs = confluent?.split(': ').at(-1)
      return (
        (theirs === 'compatible' || theirs === 'incompatible') &&
        (theirs === 'compatible') !== (backward === 'compatible') &&
        !differs
      )
    })
    expect(unexplained.map(({ name }) => name)).toEqual([])
  })
})

function verdict(writer: JsonSchema, reader: JsonSchema): Verdict {
  const problems = schemaProblems({ writer, reader, names })
  if (problems.length === 0) return 'compatible'
  return problems.some(({ certainty }) => certainty === 'breaking') ? 'breaking' : 'cannot tell'
}

function jsonSchema(schema: SchemaChange['before']): JsonSchema {
  return '~standard' in schema ? jsonSchemaOf(schema as z.ZodType, 'output') : (schema as JsonSchema)
}
