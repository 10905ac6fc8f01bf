// Where a grant holds, in a system with tenants.
import { inWords, valuesOf } from './conditions.ts'
import type { Grant } from './grants.ts'
import type { Need } from './needs.ts'
import type { Principal } from './principal.ts'

/** A system with one log; one with tenants, as a whole; or one of its tenants. */
export type Scope = 'one log' | 'whole' | { readonly tenant: string }

/** Why a grant does not hold there, in words; nothing if it does. */
export function elsewhere(
  { tenants }: Grant,
  { scope, need, principal }: { readonly scope: Scope; readonly need: Need; readonly principal: Principal },
): string | undefined {
  if (scope === 'one log' || tenants === '*') return undefined
  // What the system is, without data, is the same for all tenants.
  if (scope === 'whole' && need.verb === 'any') return undefined
  // `checkedGrants` sees to it that every grant says where.
  const allowed = tenants!
  if (scope === 'whole') return 'it is for tenants, and this belongs to none of them'
  const { tenant } = scope
  const isWithin =
    'startsWith' in allowed ? tenant.startsWith(allowed.startsWith) : valuesOf(allowed, principal).includes(tenant)
  return isWithin ? undefined : `the tenant must be ${inWords(allowed, principal)}`
}
