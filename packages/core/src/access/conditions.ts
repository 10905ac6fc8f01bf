// The conditions of grants.
import type { Condition, Conditions, Scalar } from './grants.ts'
import type { Principal } from './principal.ts'

/** The first condition that does not hold, in words; nothing if all hold. */
export function unmet(
  conditions: Conditions | undefined,
  valueAt: (name: string) => unknown,
  principal: Principal,
): string | undefined {
  for (const [name, condition] of Object.entries(conditions ?? {})) {
    if (!holds(condition, valueAt(name), principal)) return `${name} must be ${inWords(condition, principal)}`
  }
  return undefined
}

function holds(condition: Condition, value: unknown, principal: Principal): boolean {
  if (typeof condition === 'object' && 'startsWith' in condition)
    return typeof value === 'string' && value.startsWith(condition.startsWith)
  return isScalar(value) && valuesOf(condition, principal).includes(String(value))
}

/** The values that a condition allows, as text. None where the principal has no such attribute. */
export function valuesOf(
  condition: Exclude<Condition, { startsWith: string }>,
  principal: Principal,
): readonly string[] {
  if (typeof condition !== 'object') return [String(condition)]
  if (!('attribute' in condition)) return condition.map(String)
  return attributeOf(principal, condition.attribute)
}

function attributeOf({ actor, attributes = {} }: Principal, name: string): readonly string[] {
  if (name === 'actor') return actor === undefined ? [] : [actor]
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

export function inWords(condition: Condition, principal: Principal): string {
  if (typeof condition !== 'object') return JSON.stringify(condition)
  if ('startsWith' in condition) return `a text that begins with ${JSON.stringify(condition.startsWith)}`
  if (!('attribute' in condition)) return `one of ${condition.map((each) => JSON.stringify(each)).join(', ')}`
  const values = attributeOf(principal, condition.attribute)
  const known =
    values.length === 0 ? 'which the principal does not have' : values.map((each) => JSON.stringify(each)).join(' or ')
  return `its attribute "${condition.attribute}", ${known}`
}

/** The value at a path of members, if there is one. */
export function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
        ? (inner as Readonly<Record<string, unknown>>)[name]
        : undefined,
    value,
  )
}

export function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
