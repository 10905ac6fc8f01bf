// Grants name what the system has: a misspelt one would refuse, or leave in, silently.
import { IndelibleError } from '../kernel/errors.ts'
import { recordedNames } from '../kernel/recorded-forms.ts'
import { shown } from '../kernel/shown.ts'
import type { System } from '../kernel/system.ts'
import { isScalar } from './conditions.ts'
import { type AccessOptions, type Condition, type Conditions, type Grant, plainVerbs } from './grants.ts'

/** Throws `config_invalid`. */
export function checkedGrants(
  system: System,
  { grants }: AccessOptions,
  { hasTenants }: { readonly hasTenants: boolean },
): readonly Grant[] {
  if (!Array.isArray(grants)) throw invalid('"access" needs "grants", a list')
  grants.forEach((grant, index) => {
    const problem = tenantsProblem(grant, hasTenants) ?? problemOf(grant, system)
    if (problem !== undefined) throw invalid(`Grant ${index + 1} of "access", ${shown(grant)}, ${problem}`)
  })
  return structuredClone(grants)
}

function problemOf(grant: Grant, system: System): string | undefined {
  const { role, principal, anyone, may } = (grant ?? {}) as Partial<Grant>
  if ([isName(role), isName(principal), anyone === true].filter(Boolean).length !== 1)
    return 'needs one of "role", "principal" and "anyone: true"'
  const { may: _, role: __, principal: ___, anyone: ____, tenants: _____, ...others } = grant
  if (plainVerbs.some((verb) => verb === may)) return strangerIn(others, [])
  if (grant.may === 'send') {
    const commands = system.commands.map(({ category, type }) => `${category}.${type}`)
    const known = [...commands, ...new Set(system.commands.map(({ category }) => `${category}.*`))]
    return (
      strangerIn(others, ['commands', 'where']) ??
      unknownIn('commands', grant.commands, known) ??
      conditionsOf(grant.where, (name) => name === 'id' || /^input\../.test(name), '"id" and "input.…"')
    )
  }
  const sagas = system.sagas.map(({ name }) => name)
  const ofId = (where: Conditions | undefined) => conditionsOf(where, (name) => name === 'id', '"id"')
  if (grant.may === 'decide')
    return strangerIn(others, ['sagas', 'where']) ?? unknownIn('sagas', grant.sagas, sagas) ?? ofId(grant.where)
  if (grant.may !== 'read') return `has "may": ${shown(may)}. It is one of send, read, decide, ${plainVerbs.join(', ')}`
  if ('streams' in grant)
    return (
      strangerIn(others, ['streams', 'where', 'personal', 'except', 'states']) ??
      // A category may be one that is appended to without commands.
      namesOf('streams', grant.streams) ??
      namesOf('except', grant.except ?? ['*']) ??
      namesOf('states', grant.states ?? ['*']) ??
      ofId(grant.where)
    )
  if ('events' in grant)
    return (
      strangerIn(others, ['events', 'where', 'personal', 'except']) ??
      unknownIn('events', grant.events, recordedNames(system.events)) ??
      namesOf('except', grant.except ?? ['*']) ??
      conditionsOf(grant.where, (name) => name === 'id' || /^data\../.test(name), '"id" and "data.…"')
    )
  if ('tables' in grant) return strangerIn(others, ['tables', 'where', 'columns']) ?? tablesProblem(grant, system)
  if ('sagas' in grant)
    return strangerIn(others, ['sagas', 'where']) ?? unknownIn('sagas', grant.sagas, sagas) ?? ofId(grant.where)
  return 'may read, and names no streams, events, tables or sagas'
}

/** A grant that says nothing of tenants could mean all of them, or none. */
function tenantsProblem(grant: Partial<Grant> | null, hasTenants: boolean): string | undefined {
  const { tenants } = grant ?? {}
  if (tenants === undefined)
    return hasTenants ? `needs "tenants": '*', a list of names, or { attribute: 'tenant' }` : undefined
  if (!hasTenants) return 'has "tenants", and the config declares none'
  const isNames = Array.isArray(tenants) && tenants.length > 0 && tenants.every(isName)
  const isRule = typeof tenants === 'object' && !Array.isArray(tenants) && isCondition(tenants)
  if (tenants === '*' || isNames || isRule) return undefined
  return `has the tenants ${shown(tenants)}. Write '*', a list of names, { attribute: 'name' } or { startsWith: 'text' }`
}

function tablesProblem(
  { tables, where = {}, columns }: Extract<Grant, { readonly tables: unknown }>,
  { projections }: System,
): string | undefined {
  const unknown = unknownIn(
    'tables',
    tables,
    projections.map(({ name }) => name),
  )
  if (unknown !== undefined) return unknown
  if (columns !== undefined && namesOf('columns', columns)) return namesOf('columns', columns)
  for (const { table } of projections.filter(({ name }) => tables.includes('*') || tables.includes(name))) {
    const strange = [...Object.keys(where), ...(columns ?? [])].find((name) => !Object.hasOwn(table.columns, name))
    if (strange !== undefined) return `names the column "${strange}", which ${table.name} does not have`
    const key = columns && table.key.find((name) => !columns.includes(name))
    if (key !== undefined) return `leaves out "${key}", which is of the key of ${table.name}`
    for (const [name, condition] of Object.entries(where)) {
      if (typeof condition === 'object' && 'startsWith' in condition)
        return `has a condition with "startsWith" on the column "${name}". Conditions of tables are values, or attributes`
      if (table.columns[name]!.type === 'json') return `has a condition on "${name}", a column of JSON`
      if (table.columns[name]!.type === 'boolean' && Array.isArray(condition) && condition.length !== 1)
        return `lists values of the boolean column "${name}". Give one`
    }
  }
  return conditionsOf(where, () => true, 'columns')
}

function strangerIn(others: object, known: readonly string[]): string | undefined {
  const strange = Object.keys(others).find((name) => !known.includes(name))
  return strange === undefined ? undefined : `has "${strange}", which a grant of this kind does not know`
}

function namesOf(what: string, names: unknown): string | undefined {
  if (Array.isArray(names) && names.length > 0 && names.every(isName)) return undefined
  return `needs a list of names as "${what}"`
}

function unknownIn(what: string, names: readonly string[], known: readonly string[]): string | undefined {
  const problem = namesOf(what, names)
  if (problem !== undefined) return problem
  const unknown = names.find((name) => name !== '*' && !known.includes(name))
  if (unknown === undefined) return undefined
  return `names ${shown(unknown)} in "${what}", which the system does not have. It has ${known.join(', ') || 'none'}`
}

function conditionsOf(where: unknown, isKnown: (name: string) => boolean, known: string): string | undefined {
  if (where === undefined) return undefined
  if (typeof where !== 'object' || where === null || Array.isArray(where)) return 'has a "where" that is no object'
  for (const [name, condition] of Object.entries(where)) {
    if (!isKnown(name)) return `has a condition on "${name}". This grant knows conditions on ${known}`
    if (!isCondition(condition))
      return `has the condition ${shown(condition)}. Write a value, a list of values, { attribute: 'name' } or { startsWith: 'text' }`
  }
  return undefined
}

function isCondition(given: unknown): given is Condition {
  if (isScalar(given)) return true
  if (Array.isArray(given)) return given.length > 0 && given.every(isScalar)
  if (typeof given !== 'object' || given === null) return false
  const members = Object.entries(given)
  const [[name, value] = []] = members
  return members.length === 1 && (name === 'attribute' || name === 'startsWith') && isName(value)
}

function isName(given: unknown): given is string {
  return typeof given === 'string' && given !== ''
}

function invalid(problem: string): IndelibleError {
  return new IndelibleError('config_invalid', `${problem}.`)
}
