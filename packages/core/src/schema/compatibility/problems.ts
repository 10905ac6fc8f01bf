// What is wrong between two schemas: one that values were written with, and one that they are read with.

/** Why values that one schema allows may not fit another. */
export const schemaRules = {
  member_required: 'A member must be there that may be missing.',
  type_changed: 'A value may have a type that is not taken.',
  values_removed: 'A value may be one that is not in the list any more.',
  variant_removed: 'No variant of a union takes the value.',
  limit_narrowed:
    'A value may be beyond a limit: of a number, of the length of a text, of the size of a list or an object.',
  pattern_changed: 'A text must fit a pattern or format that it need not have fitted.',
  items_unique: 'The items of a list must differ, and need not have differed.',
  nothing_allowed: 'A value may be where nothing is allowed.',
  keyword_unclear: 'A keyword that cannot be compared differs, such as not, if or contains.',
  reference_unclear: 'A reference leads out of the schema, or nowhere.',
  too_large: 'The schemas are too large to compare.',
} as const

export type SchemaRule = keyof typeof schemaRules

/** One place where values that were written do not fit the schema that they are read with. */
export interface SchemaProblem {
  /** The member: `address.street`, `lines[].quantity`, `pair[0]`, `prices.*`. Empty for the data as a whole. */
  readonly path: string
  readonly rule: SchemaRule
  /** `cannot tell`: nothing shows that all values fit, and nothing that one does not. */
  readonly certainty: 'breaking' | 'cannot tell'
  /** In plain words. */
  readonly message: string
}

/** The path of a member, of each item (`[]`), of one item (`[0]`), or of every other member (`*`). */
export function pathTo(path: string, part: string): string {
  return path === '' || part.startsWith('[') ? path + part : `${path}.${part}`
}
