// Whether a grant allows what a call needs, and why not.

import { memberAt, unmet, valuesOf } from './conditions.ts'
import type { Condition, Conditions, Grant, StreamsGrant, TablesGrant } from './grants.ts'
import type { Need, StreamNeed, TableNeed } from './needs.ts'
import type { PersonalData } from './personal-data.ts'
import type { Principal } from './principal.ts'

/** Whether a grant is for this principal. */
export function isFor({ role, principal: name, anyone }: Grant, { actor, roles = [] }: Principal): boolean {
  if (anyone) return actor !== undefined
  return role === undefined ? name === actor : roles.includes(role)
}

/** Why a grant does not allow it, in words; nothing if it does. */
export function misfit(grant: Grant, need: Need, principal: Principal, personal: PersonalData): string | undefined {
  if (grant.may === 'everything') return undefined
  switch (need.verb) {
    case 'any':
      return undefined
    case 'send':
      if (grant.may !== 'send') return otherVerb(grant)
      if (!covers(grant.commands, need.command)) return `it is for the commands ${grant.commands.join(', ')}`
      return unmet(grant.where, (name) => inputOf(need, name), principal)
    case 'decide':
      if (grant.may !== 'decide') return otherVerb(grant)
      return namedMisfit(grant.sagas, need.saga, 'sagas') ?? ofId(grant.where, need.id, principal)
    case 'read':
      if (grant.may !== 'read') return otherVerb(grant)
      if ('stream' in need) return streamMisfit(grant, need, principal, personal)
      if ('table' in need) return 'tables' in grant ? tableMisfit(grant, need, principal) : notFor('tables')
      if ('events' in need) return eventsMisfit(grant, need.events, personal)
      if (!('sagas' in grant)) return notFor('sagas')
      if (need.saga !== undefined && !covers(grant.sagas, need.saga))
        return `it is for the sagas ${grant.sagas.join(', ')}`
      return need.id === undefined ? undefined : ofId(grant.where, need.id, principal)
    default:
      return grant.may === need.verb ? undefined : otherVerb(grant)
  }
}

/** `*` stands for everything that is not reserved, `account.*` for every command of a category. */
export function covers(names: readonly string[], name: string): boolean {
  return names.some(
    (each) =>
      each === name ||
      (each === '*' && !name.startsWith('$')) ||
      (each.endsWith('.*') && name.startsWith(each.slice(0, -1))),
  )
}

/** Whether a grant of events is for all types that the code sees in this recorded one. */
export function coversEvent(names: readonly string[], type: string, personal: PersonalData): boolean {
  const seenAs = personal.seenAs(type)
  return covers(names, type) || (seenAs.length > 0 && seenAs.every((each) => covers(names, each)))
}

function streamMisfit(
  grant: Grant & { readonly may: 'read' },
  { stream, of }: StreamNeed,
  principal: Principal,
  personal: PersonalData,
): string | undefined {
  const { category, id } = partsOf(stream)
  if ('events' in grant) {
    if (of !== 'events') return `it is for events, and not for the ${of === 'state' ? 'state' : 'history of a state'}`
    return category.startsWith('$') ? 'the stream is reserved' : ofId(idOnly(grant.where), id, principal)
  }
  if (!('streams' in grant)) return notFor('streams')
  const other = namedMisfit(grant.streams, category, 'streams of') ?? ofId(grant.where, id, principal)
  if (other !== undefined || of === 'events') return other
  return of === 'state' ? stateMisfit(grant, category, personal) : wholeMisfit(grant, category, personal)
}

function stateMisfit({ states, personal: isPersonal }: StreamsGrant, category: string, personal: PersonalData) {
  if (states || isPersonal || !personal.isIn(category)) return undefined
  return `states of ${category} may have personal data: the grant needs "personal: true", or "states" with the members that may be seen`
}

function wholeMisfit(grant: StreamsGrant, category: string, personal: PersonalData): string | undefined {
  if (grant.states || grant.except) return 'the history of a state shows all its members, and the grant leaves some out'
  return stateMisfit(grant, category, personal)
}

function eventsMisfit(grant: Grant, types: readonly string[] | undefined, personal: PersonalData): string | undefined {
  if ('streams' in grant) return undefined
  if (!('events' in grant)) return notFor('events')
  if (!types || types.some((type) => coversEvent(grant.events, type, personal))) return undefined
  return `it is for the events ${grant.events.join(', ')}`
}

function tableMisfit(grant: TablesGrant, { table, rows }: TableNeed, principal: Principal): string | undefined {
  const { tables, where = {}, columns } = grant
  if (!covers(tables, table)) return `it is for the tables ${tables.join(', ')}`
  if (rows === 'all') {
    return Object.keys(where).length > 0 || columns
      ? 'this shows the whole table, and the grant a part of it'
      : undefined
  }
  if ('key' in rows) {
    const beside = Object.keys(where).find((column) => rows.key[column] === undefined)
    if (columns || beside !== undefined)
      return 'this shows whole rows as they were, and the grant leaves out columns, or rows by columns that are not of the key'
    return unmet(where, (column) => rows.key[column], principal)
  }
  const missing = Object.entries(where).find(([, condition]) => valuesOf(condition as Listed, principal).length === 0)
  if (missing) return unmet({ [missing[0]]: missing[1] }, () => undefined, principal)
  const hidden = columns && rows.columns.find((column) => !columns.includes(column))
  return hidden === undefined ? undefined : `it leaves out the column ${hidden}, so that nothing may be found out by it`
}

/** Conditions of tables are lists of values: `checkedGrants` sees to it. */
type Listed = Exclude<Condition, { startsWith: string }>

function ofId(where: Conditions | undefined, id: string, principal: Principal): string | undefined {
  return unmet(where, (name) => (name === 'id' ? id : undefined), principal)
}

/** Conditions of the data are looked at event by event. */
function idOnly(where: Conditions = {}): Conditions {
  return where.id === undefined ? {} : { id: where.id }
}

function inputOf({ id, input }: Extract<Need, { verb: 'send' }>, name: string): unknown {
  if (name === 'id') return id
  const [, ...path] = name.split('.')
  return memberAt(input, path)
}

/** Category and id of what may be no stream name: then there is no such category, or none that may be read. */
export function partsOf(stream: string): { readonly category: string; readonly id: string } {
  const end = stream.indexOf('-')
  return end < 0 ? { category: stream, id: '' } : { category: stream.slice(0, end), id: stream.slice(end + 1) }
}

function namedMisfit(names: readonly string[], name: string, what: string): string | undefined {
  return covers(names, name) ? undefined : `it is for the ${what} ${names.join(', ')}`
}

function otherVerb({ may }: Grant): string {
  return `it allows to ${may}`
}

function notFor(what: string): string {
  return `it is not for ${what}`
}
