// What a declaration says about itself in words, and which members of its data are personal. The documents show it; nothing depends on it at run time.
import { IndelibleError } from './errors.ts'
import { descriptionCharactersMax } from './limits.ts'
import { shown } from './shown.ts'

/** Anything that is declared may say in a sentence or two what it is for. */
export interface Described {
  /** For people who read the generated documents: what it means in the domain. Plain text. */
  readonly description?: string | undefined
}

/** Throws `invalid_declaration`. */
export function checkedDescription(who: string, { description }: Described): string | undefined {
  if (description === undefined) return undefined
  const isText = typeof description === 'string' && description.trim() !== ''
  if (isText && description.length <= descriptionCharactersMax) return description
  throw new IndelibleError(
    'invalid_declaration',
    `${who} has the description ${shown(description)}. Write a text of 1 to ${descriptionCharactersMax} characters, or leave it out.`,
  )
}

/** A member of data, by its path. A path goes through lists without a mark: `'lines.product'` is the product of each line. */
export type MemberPath<Data> = (keyof Data & string) | `${keyof Data & string}.${string}`

/** Throws `invalid_declaration`. */
export function checkedPaths(who: string, paths: unknown): readonly string[] {
  if (Array.isArray(paths) && paths.every((path) => typeof path === 'string' && /^[^.]+(\.[^.]+)*$/.test(path)))
    return paths
  throw new IndelibleError(
    'invalid_declaration',
    `${who} lists ${shown(paths)} as personal data. Write paths of members: personal: ['email', 'address.street'].`,
  )
}

/** False where a JSON Schema says which members there are, and the path names none of them. */
export function hasMember(schema: unknown, [first, ...rest]: readonly string[]): boolean {
  const { properties, items, additionalProperties } = schema as Partial<ObjectSchema>
  if (first === undefined) return true
  if (items !== undefined) return hasMember(items, [first, ...rest])
  if (properties === undefined) return true
  if (Object.hasOwn(properties, first)) return hasMember(properties[first], rest)
  return typeof additionalProperties === 'object'
}

/** The words of JSON Schema that say which members there are. */
interface ObjectSchema {
  readonly properties: Readonly<Record<string, unknown>>
  readonly items: unknown
  readonly additionalProperties: unknown
}
