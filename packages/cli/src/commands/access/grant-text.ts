// A grant in words.
import type { Condition, Grant } from 'indelible'

/** `role customer`, `principal ann`. */
export function whomText({ role, principal, anyone }: Grant): string {
  if (anyone) return 'anyone'
  return role === undefined ? `principal ${principal}` : `role ${role}`
}

/** `send account.WithdrawFunds where id is its attribute "account"`, and in which tenants. */
export function grantText(grant: Grant): string {
  const { tenants } = grant
  if (tenants === undefined) return allowedText(grant)
  return `${allowedText(grant)}, ${tenants === '*' ? 'in all tenants' : `in tenants: the name ${conditionText(tenants)}`}`
}

function allowedText(grant: Grant): string {
  if (grant.may === 'send') return `send ${list(grant.commands)}${whereText(grant.where)}`
  if (grant.may === 'decide') return `decide sagas ${list(grant.sagas)}${whereText(grant.where)}`
  if (grant.may !== 'read') return grant.may
  if ('tables' in grant)
    return `read tables ${list(grant.tables)}${partText('only the columns', grant.columns)}${whereText(grant.where)}`
  if ('sagas' in grant) return `read sagas ${list(grant.sagas)}${whereText(grant.where)}`
  const what = 'streams' in grant ? `read streams of ${list(grant.streams)}` : `read events ${list(grant.events)}`
  const states = 'streams' in grant ? partText('of states only', grant.states) : ''
  const parts = `${grant.personal ? ', with personal data' : ''}${partText('without', grant.except)}${states}`
  return `${what}${parts}${whereText(grant.where)}`
}

function list(names: readonly string[]): string {
  return names.join(', ')
}

function partText(what: string, names: readonly string[] | undefined): string {
  return names ? `, ${what} ${list(names)}` : ''
}

function whereText(where: Readonly<Record<string, Condition>> = {}): string {
  const conditions = Object.entries(where).map(([name, condition]) => `${name} ${conditionText(condition)}`)
  return conditions.length === 0 ? '' : `, where ${conditions.join(' and ')}`
}

function conditionText(condition: Condition): string {
  if (typeof condition !== 'object') return `is ${JSON.stringify(condition)}`
  if ('attribute' in condition) return `is its attribute "${condition.attribute}"`
  if ('startsWith' in condition) return `begins with ${JSON.stringify(condition.startsWith)}`
  return `is one of ${condition.map((each) => JSON.stringify(each)).join(', ')}`
}
