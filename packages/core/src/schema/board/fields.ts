// The fields and columns of a written board.
import type { ColumnType } from '../../kernel/tables.ts'
import { basicTypes, fieldType } from '../field-types.ts'
import type { Field } from '../fields.ts'
import type { ColumnDescription } from '../system-description.ts'
import type { BoardFindings } from './findings.ts'
import type { OutlineItem } from './outline.ts'
import { nameIn, plainWords } from './words.ts'

/** Whether an item is a field and not a word of the grammar: the colon tells. */
export function isFieldLike({ text }: OutlineItem): boolean {
  return nameIn(plainWords(text))?.rest.startsWith(':') ?? false
}

export function fieldsIn(
  items: readonly OutlineItem[],
  findings: BoardFindings,
  { path = '', isPersonal = false }: { readonly path?: string; readonly isPersonal?: boolean } = {},
): readonly Field[] {
  return findings.eachOnce(items, (item) => fieldIn(item, findings, { path, isPersonal }))
}

export function columnsIn(items: readonly OutlineItem[], findings: BoardFindings): readonly ColumnDescription[] {
  return findings.eachOnce(items, (item) => columnIn(item, findings))
}

function fieldIn(
  item: OutlineItem,
  findings: BoardFindings,
  parent: { readonly path: string; readonly isPersonal: boolean },
): Field | undefined {
  const found = nameIn(plainWords(item.text))
  if (!found?.rest.startsWith(':'))
    return void findings.unexpected(item, `a field, as in "- ${found?.rest === '' ? found.value : 'customer'}: text".`)
  const { name, text, marks } = marked(found, ['or null', 'optional', 'personal'])
  const written = text || (item.items.length > 0 ? 'object' : '')
  const type = fieldType(written)
  if (!type)
    return void findings.unexpected(
      item,
      `a type behind the colon: ${basicTypes.slice(0, -1).join(', ')}, list of TYPE, map of TYPE, words with | between, or one value in quotes.`,
    )
  const path = parent.path === '' ? name : `${parent.path}.${name}`
  const isPersonal = parent.isPersonal || marks.has('personal')
  return {
    name,
    path,
    type: type.kind === 'basic' ? type.name : written,
    isRequired: !marks.has('optional'),
    isNullable: marks.has('or null'),
    isPersonal,
    constraints: [],
    description: null,
    fields: fieldsIn(item.items, findings, { path, isPersonal }),
  }
}

/** Undefined for what is no column: the colon tells. */
function columnIn(item: OutlineItem, findings: BoardFindings): ColumnDescription | undefined {
  const found = nameIn(plainWords(item.text))!
  const { name, text, marks } = marked(found, ['key', 'or null', 'indexed'])
  const type = columnTypes.find((each) => each === text.toLowerCase())
  if (!type)
    return void findings.unexpected(
      item,
      `a column, as in "- ${name}: text, key". The types are ${columnTypes.join(', ')}.`,
    )
  return { name, type, isKey: marks.has('key'), isNullable: marks.has('or null'), isIndexed: marks.has('indexed') }
}

/** Takes the marks from the end of what stands behind the colon. */
function marked(
  { value: name, rest }: { readonly value: string; readonly rest: string },
  known: readonly string[],
): { readonly name: string; readonly text: string; readonly marks: ReadonlySet<string> } {
  let text = rest.slice(1).trim()
  const marks = new Set<string>()
  const form = new RegExp(`(?:^|,)\\s*(${known.join('|')})$`, 'i')
  for (let found = form.exec(text); found; found = form.exec(text)) {
    marks.add(found[1]!.toLowerCase())
    text = text.slice(0, found.index).trim()
  }
  return { name, text, marks }
}

const columnTypes: readonly ColumnType[] = ['text', 'integer', 'bigint', 'boolean', 'date', 'timestamp', 'json']
