// Lists: their items, the first ones each with a schema of its own (tuples), and how many there are.
import { asList, type Form, wordsIn } from './forms.ts'
import { breaking, onlyValue, type Pair } from './pair.ts'
import { pathTo, type SchemaProblem } from './problems.ts'
import { equalJson } from './values.ts'

export function itemProblems({ form: given, reader, path, comparison }: Pair): readonly SchemaProblem[] {
  const form = withParts(given)
  const { writer, reader: readerName } = comparison.sides.names
  const problems: SchemaProblem[] = []
  const most = longest(form)
  const firsts = Math.max(...[...form.all, ...reader.all].map(({ prefixItems }) => asList(prefixItems).length), 0)
  for (let index = 0; index < Math.min(firsts, most); index++)
    problems.push(...comparison.problems(itemAt(form, index), itemAt(reader, index), pathTo(path, `[${index}]`)))
  if (most > firsts)
    problems.push(...comparison.problems(itemAt(form, firsts), itemAt(reader, firsts), pathTo(path, '[]')))
  const least = Math.max(0, ...wordsIn<number>(form, 'minItems'))
  for (const limit of wordsIn<number>(reader, 'minItems'))
    if (least < limit)
      problems.push(
        breaking(
          'limit_narrowed',
          path,
          `${writer} may have ${least === 0 ? 'no' : `only ${least}`} items here, and ${readerName} needs ${limit}.`,
        ),
      )
  for (const limit of wordsIn<number>(reader, 'maxItems'))
    if (most > limit)
      problems.push(
        breaking(
          'limit_narrowed',
          path,
          `${writer} may have ${most === Number.POSITIVE_INFINITY ? 'any number of' : most} items here, and ${readerName} takes at most ${limit}.`,
        ),
      )
  const isUnique = most <= 1 || wordsIn(form, 'uniqueItems').includes(true)
  if (wordsIn(reader, 'uniqueItems').includes(true) && !isUnique)
    problems.push(
      breaking(
        'items_unique',
        path,
        `${writer} may have the same item twice here, and ${readerName} does not allow that.`,
      ),
    )
  return problems
}

/** What holds for the item at an index. */
function itemAt({ all }: Form, index: number): unknown {
  const parts = all.flatMap(({ prefixItems, items }) => {
    const firsts = asList(prefixItems)
    return index < firsts.length ? [firsts[index]] : items === undefined ? [] : [items]
  })
  return parts.length === 1 ? parts[0] : parts.length === 0 ? true : { allOf: parts }
}

function longest({ all }: Form): number {
  const limits = all.flatMap(({ maxItems, prefixItems, items }) => [
    ...(typeof maxItems === 'number' ? [maxItems] : []),
    ...(items === false ? [asList(prefixItems).length] : []),
  ])
  return Math.min(Number.POSITIVE_INFINITY, ...limits)
}

/** A list that is given as a value, by its items. */
function withParts(form: Form): Form {
  const only = onlyValue(form)
  if (!only) return form
  const items = only.is as readonly unknown[]
  const isUnique = items.every((item, index) => !items.slice(index + 1).some((other) => equalJson(item, other)))
  const prefixItems = items.map((item) => ({ const: item }))
  const exact = { prefixItems, items: false, minItems: items.length, maxItems: items.length, uniqueItems: isUnique }
  return { ...form, values: undefined, all: [exact] }
}
