// How sagas and policies send a command: to whom, and with which input, from the data that they have.
import type { Field } from 'indelible/schema'
import { block, type Code, commented, object } from './code.ts'
import { memberFor } from './lanes.ts'
import { isIdentifier } from './names.ts'
import type { PlacedCommand } from './places.ts'
import { destructured, type Fields, sampleOf, typeScriptOf, valueFor } from './values.ts'

/** The data of a saga or an event, and in a flow for each item its fields. */
export interface Known {
  readonly data: Fields
  readonly item: Fields
}

/** A value made from data, and what it reads. */
export interface Made {
  readonly code: Code
  readonly fromData: readonly string[]
  readonly isFromItem: boolean
  /** Members for which nothing fits yet. */
  readonly sampled: readonly string[]
}

export function valuesFrom(fields: Fields, { data, item }: Known): Made {
  const fromData: string[] = []
  const sampled: string[] = []
  let isFromItem = false
  const members = fields.flatMap((field) => {
    const ofItem = valueFor(
      field,
      item.filter(plain).map((each) => ({ field: each, code: `item.${each.name}` })),
    )
    const ofData = valueFor(
      field,
      data.filter(plain).map((each) => ({ field: each, code: each.name })),
    )
    const found = ofItem.isSample ? ofData : ofItem
    if (!ofItem.isSample) isFromItem = true
    else if (!ofData.isSample) fromData.push(field.name)
    else if (!field.isRequired) return []
    else {
      sampled.push(field.name)
      return [[field.name, typedSample(field)] as const]
    }
    return [[field.name, found.code] as const]
  })
  return { code: object(Object.fromEntries(members)), fromData, isFromItem, sampled }
}

/** The compiler takes a word in the result of a function for any text, unless it is told. */
function typedSample(field: Field): Code {
  const type = typeScriptOf({ ...field, isNullable: false }).replaceAll('readonly ', '')
  return /['[]/.test(type) || /^\d/.test(type) ? [sampleOf(field), ` as ${type}`] : sampleOf(field)
}

/** Whom a command is for: what the data name by the category, or what the saga or event has the id of. */
export function idFrom(
  { lane }: PlacedCommand,
  { data, item }: Known,
): Omit<Made, 'code'> & { readonly code: string | undefined } {
  const nothing = { fromData: [], isFromItem: false, sampled: [] }
  const ofItem = memberFor(lane.name, item.filter(certain))
  if (ofItem) return { ...nothing, code: `item.${ofItem.name}`, isFromItem: true }
  const ofData = memberFor(lane.name, data.filter(certain))
  return ofData ? { ...nothing, code: ofData.name, fromData: [ofData.name] } : { ...nothing, code: undefined }
}

/** A function of a saga: `({ member }, { sagaId }) => …`. */
export function sagaFunction({ code, fromData, isFromItem, sampled }: Made, { usesId = false } = {}): Code {
  const context = destructured([...(isFromItem ? ['item'] : []), ...(usesId ? ['sagaId'] : [])])
  const data = destructured(fromData)
  const parameters = context ? `${data || '_data'}, ${context}` : data
  if (sampled.length > 0) return [`(${parameters}) => `, block([commented(toWrite(sampled), ['return ', code])])]
  const isObject = typeof code !== 'string' || code.startsWith('{')
  return isObject ? [`(${parameters}) => (`, code, ')'] : `(${parameters}) => ${code}`
}

export function toWrite(sampled: readonly string[]): readonly string[] {
  return sampled.length === 0 ? [] : [`To write: where these come from: ${sampled.join(', ')}.`]
}

const plain = ({ name }: Field) => isIdentifier(name) && name !== 'sagaId'
const certain = (field: Field) => plain(field) && field.isRequired && !field.isNullable
