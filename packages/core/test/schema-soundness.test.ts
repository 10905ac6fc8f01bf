// What is judged compatible is: every value that was written with the one schema can be read with the other. Ajv says what fits a schema.
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type JsonSchema, schemaProblems } from 'indelible/schema'
import { expect, test } from 'vitest'
import { type Draw, draws, hours, long, seed } from '../../../scripts/campaign.ts'
import { asRead, asWritten, changedSchema, drawnSchema, drawnValue } from './drawn-schemas.ts'

const pairs = long ? 100_000 : 1_000
const valuesEach = 25
const names = { writer: 'Old events', reader: 'the new schema' }

test(
  `Of ${pairs} random pairs of schemas, each that is judged compatible reads every value that was written (seed ${seed})`,
  long ? hours : {},
  () => {
    const draw = draws()
    const seen = { compatible: 0, breaking: 0, unclear: 0, values: 0, shown: 0 }
    for (let pair = 0; pair < pairs; pair++) {
      const before = drawnSchema(draw)
      const after = draw(8) === 0 ? drawnSchema(draw) : changedSchema(before, draw)
      const writtenWith = validator(asWritten(before))
      const readWith = validator(asRead(after))
      if (!writtenWith || !readWith) continue
      const problems = schemaProblems({ writer: before, reader: after, names })
      const values = valuesOf(before, writtenWith, draw)
      seen.values += values.length
      const unread = values.find((value) => !readWith(value))
      if (problems.length === 0) {
        seen.compatible++
        if (unread !== undefined) expect.fail(`Judged compatible: ${JSON.stringify({ before, after, unread })}`)
      } else if (problems.some(({ certainty }) => certainty === 'breaking')) {
        seen.breaking++
        if (unread !== undefined) seen.shown++
      } else seen.unclear++
    }
    // The test looks at something, and what is called breaking mostly is.
    expect(seen.compatible).toBeGreaterThan(pairs / 10)
    expect(seen.values).toBeGreaterThan(pairs * 5)
    expect(seen.shown).toBeGreaterThan(seen.breaking / 2)
  },
)

function valuesOf(schema: JsonSchema, fits: (value: unknown) => boolean, draw: Draw): readonly unknown[] {
  return Array.from({ length: valuesEach }, () => drawnValue(schema, draw)).filter(fits)
}

const ajv = new Ajv2020({
  strict: false,
  logger: false,
  validateSchema: false,
  addUsedSchema: false,
  code: { optimize: false },
})

/** Undefined for what is not a schema. */
function validator(schema: JsonSchema): ((value: unknown) => boolean) | undefined {
  try {
    return ajv.compile(schema) as (value: unknown) => boolean
  } catch {
    return undefined
  } finally {
    // It would keep each.
    ajv.removeSchema(schema)
  }
}
