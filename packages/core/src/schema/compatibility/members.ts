// Objects: their members, which of them must be there, and what other members there may be.
import { asList, type Form, fitsPattern, formsOf, valueForm, wordsIn } from './forms.ts'
import { breaking, onlyValue, type Pair, unclear } from './pair.ts'
import { pathTo, type SchemaProblem } from './problems.ts'
import { equalJson, hasReference, isObject, type SchemaObject } from './values.ts'

export function memberProblems(pair: Pair): readonly SchemaProblem[] {
  const { reader, path, comparison } = pair
  const form = withParts(pair.form)
  const written = { ...pair, form }
  const required = new Set(requiredIn(form))
  const problems: SchemaProblem[] = []
  for (const name of new Set([...namesIn(form), ...namesIn(reader), ...required])) {
    const schemas = writtenMember(written, name)
    const taken = readMember(reader, name)
    if (schemas && taken.length > 0)
      problems.push(...comparison.problems(together(schemas), together(taken), pathTo(path, name)))
  }
  for (const name of new Set(requiredIn(reader))) {
    if (!required.has(name)) problems.push(missingProblem(written, name))
  }
  problems.push(...defaultProblems(written))
  return [...problems, ...otherProblems(written), ...nameProblems(written), ...countProblems(written)]
}

function missingProblem({ form, reader, path, comparison }: Pair, name: string): SchemaProblem {
  const { writer, reader: readerName } = comparison.sides.names
  const isNamed = namesIn(form).includes(name)
  const filled = hasDefault(readMember(reader, name)) ? notFilled : ''
  const message = `${writer} ${isNamed ? 'may lack' : 'do not have'} "${name}", and ${readerName} requires it.${filled}`
  return breaking('member_required', pathTo(path, name), message)
}

/** Some libraries do not say that a member with a default is always there: who reads may count on it, and who writes fills it in. */
function defaultProblems({ form, reader, path, comparison }: Pair): readonly SchemaProblem[] {
  const { writer, reader: readerName } = comparison.sides.names
  const always = new Set([...requiredIn(form), ...requiredIn(reader)])
  return namesIn(reader)
    .filter((name) => !always.has(name) && hasDefault(readMember(reader, name)) && !hasDefault(readMember(form, name)))
    .map((name) => {
      const message = `${writer} may lack "${name}", and ${readerName} has a default for it.${notFilled}`
      return unclear('member_required', pathTo(path, name), message)
    })
}

const notFilled = ' Events are read as they were recorded: the default is not filled in.'

function hasDefault(schemas: readonly unknown[]): boolean {
  return schemas.some((schema) => isObject(schema) && 'default' in schema)
}

/** The members that neither side names. */
function otherProblems({ form, reader, path, comparison }: Pair): readonly SchemaProblem[] {
  const others = othersIn(form)
  if (!others) return []
  const taken = reader.all.flatMap(({ additionalProperties: each }) => (isObject(each) ? [each] : []))
  const problems = taken.length > 0 ? comparison.problems(together(others), together(taken), pathTo(path, '*')) : []
  const isClear = reader.all.every(({ patternProperties: patterns }) => {
    if (patterns === undefined) return true
    const isSame = form.all.some((schema) => equalJson(schema.patternProperties, patterns))
    return isSame && (comparison.isSameRoot || !hasReference(patterns))
  })
  if (isClear) return problems
  const message = `The keyword patternProperties of ${comparison.sides.names.reader} cannot be compared.`
  return [...problems, unclear('keyword_unclear', path, message)]
}

/** The names that members may have. */
function nameProblems(pair: Pair): readonly SchemaProblem[] {
  const { form, reader, path, comparison } = pair
  const taken = wordsIn<unknown>(reader, 'propertyNames')
  if (taken.length === 0) return []
  const named = [...new Set([...namesIn(form), ...requiredIn(form)])].filter((name) => writtenMember(pair, name))
  const names = { enum: named }
  const others = othersIn(form) ? [{ allOf: [{ type: 'string' }, ...wordsIn<unknown>(form, 'propertyNames')] }] : []
  return comparison.problems({ anyOf: [names, ...others] }, together(taken), pathTo(path, '* (the name)'))
}

function countProblems({ form, reader, path, comparison }: Pair): readonly SchemaProblem[] {
  const { writer, reader: readerName } = comparison.sides.names
  const least = Math.max(new Set(requiredIn(form)).size, ...wordsIn<number>(form, 'minProperties'))
  const named = othersIn(form) ? Number.POSITIVE_INFINITY : namesIn(form).length
  const most = Math.min(named, ...wordsIn<number>(form, 'maxProperties'))
  return [
    ...wordsIn<number>(reader, 'minProperties').flatMap((limit) =>
      least >= limit
        ? []
        : [
            breaking(
              'limit_narrowed',
              path,
              `${writer} may have only ${least} members here, and ${readerName} needs ${limit}.`,
            ),
          ],
    ),
    ...wordsIn<number>(reader, 'maxProperties').flatMap((limit) =>
      most <= limit
        ? []
        : [
            breaking(
              'limit_narrowed',
              path,
              `${writer} may have more than ${limit} members here, and ${readerName} takes at most ${limit}.`,
            ),
          ],
    ),
  ]
}

/** What holds for a member that the writer may record; nothing if it never records it. */
function writtenMember({ form, comparison }: Pair, name: string): readonly unknown[] | undefined {
  const schemas = form.all.flatMap((schema) => {
    const own = ownSchemas(schema, name)
    const { additionalProperties: others } = schema
    return own.length > 0 ? own : others === undefined ? [] : [others]
  })
  if (schemas.length === 0 && !mayHaveOthers(form) && !requiredIn(form).includes(name)) return undefined
  if (schemas.includes(false)) return undefined
  const names = wordsIn<unknown>(form, 'propertyNames')
  const isName = names.every((each) => {
    const found = comparison.formProblems(valueForm(name), formsOf(each, comparison.sides.writer), '')
    return !found.some(({ certainty }) => certainty === 'breaking')
  })
  return isName ? schemas : undefined
}

/** What the reader asks of a member. Where it names no others, it passes over them. */
function readMember({ all }: Form, name: string): readonly unknown[] {
  return all.flatMap((schema) => {
    const own = ownSchemas(schema, name)
    const { additionalProperties: others } = schema
    return own.length > 0 ? own : isObject(others) ? [others] : []
  })
}

/** By its name, and by the patterns that its name fits. */
function ownSchemas({ properties, patternProperties }: SchemaObject, name: string): readonly unknown[] {
  const named = isObject(properties) && Object.hasOwn(properties, name) ? [properties[name]] : []
  const patterns = Object.entries(isObject(patternProperties) ? patternProperties : {})
  return [...named, ...patterns.flatMap(([pattern, schema]) => (fitsPattern(pattern, name) ? [schema] : []))]
}

/** What holds for members that the writer does not name; nothing if there are none. */
function othersIn(form: Form): readonly unknown[] | undefined {
  if (!mayHaveOthers(form)) return undefined
  if (form.all.some(({ patternProperties }) => patternProperties !== undefined)) return []
  return form.all.flatMap(({ additionalProperties: each }) => (isObject(each) ? [each] : []))
}

/** Where a schema names no members at all, it says nothing of them. */
function mayHaveOthers({ all }: Form): boolean {
  if (!all.some(({ properties, additionalProperties }) => properties !== undefined || additionalProperties === false))
    return true
  if (all.some(({ additionalProperties }) => additionalProperties === false)) return all.some(hasPatterns)
  return all.some(
    ({ patternProperties, additionalProperties, unevaluatedProperties = false }) =>
      patternProperties !== undefined || additionalProperties !== undefined || unevaluatedProperties !== false,
  )
}

function hasPatterns({ patternProperties }: SchemaObject): boolean {
  return patternProperties !== undefined
}

function namesIn({ all }: Form): readonly string[] {
  return [...new Set(all.flatMap(({ properties }) => Object.keys(isObject(properties) ? properties : {})))]
}

function requiredIn({ all }: Form): readonly string[] {
  return all.flatMap(({ required }) => asList(required) as readonly string[])
}

function together(schemas: readonly unknown[]): unknown {
  return schemas.length === 1 ? schemas[0] : schemas.length === 0 ? true : { allOf: schemas }
}

/** An object that is given as a value, by its members. */
function withParts(form: Form): Form {
  const only = onlyValue(form)
  if (!only) return form
  const members = only.is as SchemaObject
  const properties = Object.fromEntries(Object.entries(members).map(([name, value]) => [name, { const: value }]))
  return {
    ...form,
    values: undefined,
    all: [{ properties, required: Object.keys(members), additionalProperties: false }],
  }
}
