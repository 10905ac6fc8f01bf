// Makes a principal of the claims of a token or the fields of a certificate, as a map says.
import { IndelibleError } from 'indelible'
import type { Recognised } from './identity.ts'

/** Where a value is: `realm_access.roles`, or as a list where a name has a dot itself: `['https://bank.example/roles']`. */
export type FieldPath = string | readonly string[]

/** Which fields make the principal. */
export interface PrincipalMap {
  /** A single text. Without it nobody is recognised. */
  readonly actor: FieldPath
  /** Put before the actor, so that the names of two issuers cannot meet. */
  readonly actorPrefix?: string
  /** A list of texts, or one text with spaces between the roles, such as `scope`. No roles where it is missing. */
  readonly roles?: FieldPath
  /** Each a text, a number, a boolean, or a list of them. One that is missing is left out. */
  readonly attributes?: Readonly<Record<string, FieldPath>>
}

/** Throws `config_invalid`. */
export function checkedMap(map: PrincipalMap, where: string): PrincipalMap {
  const { actor, roles, attributes = {} } = map ?? {}
  const stranger = Object.keys(map ?? {}).find(
    (name) => !['actor', 'actorPrefix', 'roles', 'attributes'].includes(name),
  )
  const paths = [actor, ...(roles === undefined ? [] : [roles]), ...Object.values(attributes)]
  if (stranger === undefined && paths.every(isPath)) return map
  const problem =
    stranger === undefined ? 'a path that is no text or list of texts' : `the unknown member "${stranger}"`
  throw new IndelibleError(
    'config_invalid',
    `"principal" of ${where} has ${problem}. Write { actor: 'sub', roles: 'realm_access.roles', attributes: { account: 'account_id' } }.`,
  )
}

export function principalFrom(
  fields: object,
  { actor, actorPrefix = '', roles, attributes = {} }: PrincipalMap,
): Recognised {
  const name = single(valueAt(fields, actor))
  if (typeof name !== 'string' || name === '')
    return { refused: `It has no single text at ${shownPath(actor)}, which is to be the actor.` }
  const named = valueAt(fields, roles ?? [])
  const roleList = roles === undefined || named === undefined ? [] : rolesIn(named)
  if (!roleList) return { refused: `What it has at ${shownPath(roles!)} are no roles.` }
  const found = Object.entries(attributes).map(([attribute, path]) => [attribute, path, valueAt(fields, path)] as const)
  const given = found.filter(([, , value]) => value !== undefined && value !== null)
  const wrong = given.find(([, , value]) => textsIn(value) === undefined)
  if (wrong) return { refused: `What it has at ${shownPath(wrong[1])} is no attribute.` }
  const attributesFound = Object.fromEntries(given.map(([attribute, , value]) => [attribute, textsIn(value)!]))
  return { actor: actorPrefix + name, roles: roleList, attributes: attributesFound }
}

/** The own member at a path. */
export function valueAt(fields: unknown, path: FieldPath): unknown {
  const names = typeof path === 'string' ? path.split('.') : path
  return names.reduce(
    (value: unknown, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Readonly<Record<string, unknown>>)[name]
        : undefined,
    fields,
  )
}

function isPath(path: unknown): path is FieldPath {
  const names = typeof path === 'string' ? [path] : path
  return Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
}

function shownPath(path: FieldPath): string {
  return JSON.stringify(typeof path === 'string' ? path : path.join(' → '))
}

/** A list of one counts as its value. */
function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value
}

function rolesIn(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return value.split(' ').filter((role) => role !== '')
  return Array.isArray(value) && value.every((role) => typeof role === 'string') ? value : undefined
}

function textsIn(value: unknown): string | readonly string[] | undefined {
  if (Array.isArray(value)) return value.every(isScalar) ? value.map(String) : undefined
  return isScalar(value) ? String(value) : undefined
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}
