// Keywords that are not looked into. They fit only where the writer's schema has the very same.
import type { Form } from './forms.ts'
import { type Pair, unclear } from './pair.ts'
import type { SchemaProblem } from './problems.ts'
import { equalJson, hasReference, type Kind, type SchemaObject } from './values.ts'

/** Words that belong together, by the types of values that they say something about. */
const opaqueWords: readonly { readonly words: readonly string[]; readonly kinds?: readonly Kind[] }[] = [
  { words: ['not'] },
  { words: ['if', 'then', 'else'] },
  { words: ['oneOf'] },
  { words: ['$dynamicRef'] },
  { words: ['contains', 'minContains', 'maxContains'], kinds: ['array'] },
  { words: ['unevaluatedItems'], kinds: ['array'] },
  { words: ['additionalItems'], kinds: ['array'] },
  { words: ['dependentRequired'], kinds: ['object'] },
  { words: ['dependentSchemas'], kinds: ['object'] },
  { words: ['dependencies'], kinds: ['object'] },
  { words: ['unevaluatedProperties'], kinds: ['object'] },
]

export function opaqueProblems({ form, reader, path, comparison }: Pair): readonly SchemaProblem[] {
  return reader.all.flatMap((schema) =>
    opaqueWords.flatMap(({ words, kinds }) => {
      if (kinds && !kinds.includes(form.kind)) return []
      const said = wordsOf(schema, words)
      if (Object.keys(said).length === 0) return []
      const isSame = form.all.some((other) => equalJson(wordsOf(other, words), said))
      if (isSame && (comparison.isSameRoot || !hasReference(said))) return []
      const { reader: readerName } = comparison.sides.names
      const message = `The keyword ${Object.keys(said).join(', ')} of ${readerName} cannot be compared.`
      return [unclear('keyword_unclear', path, message)]
    }),
  )
}

/** Whether a schema says more than is looked into: then it allows fewer values than its form. */
export function isOpaque({ kind, all }: Form): boolean {
  return opaqueWords.some(
    ({ words, kinds = [kind] }) =>
      kinds.includes(kind) && all.some((schema) => Object.keys(wordsOf(schema, words)).length > 0),
  )
}

/** A reader passes over members that it does not know, so that `unevaluatedProperties: false` says nothing. */
function wordsOf(schema: SchemaObject, words: readonly string[]): SchemaObject {
  const said = words.filter(
    (word) => Object.hasOwn(schema, word) && !(word === 'unevaluatedProperties' && schema[word] === false),
  )
  return Object.fromEntries(said.map((word) => [word, schema[word]]))
}
