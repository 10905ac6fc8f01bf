// Whether a call is allowed. What no grant allows is refused.
import { IndelibleError } from '../kernel/errors.ts'
import type { System } from '../kernel/system.ts'
import { checkedGrants } from './checked-grants.ts'
import type { AccessOptions, Grant } from './grants.ts'
import { isFor, misfit } from './misfit.ts'
import type { Need } from './needs.ts'
import { PersonalData } from './personal-data.ts'
import type { Principal } from './principal.ts'
import { type Sees, seesAll, seesBy } from './sees.ts'
import { elsewhere, type Scope } from './tenants.ts'

/** Why a call is allowed or not. */
export interface Explanation {
  readonly isAllowed: boolean
  /** In a sentence. */
  readonly reason: string
  /** The grant that allows it. */
  readonly by: Grant | null
  /** Every grant for the principal up to that one, with the reason why it does not allow the call. */
  readonly considered: readonly { readonly grant: Grant; readonly misfit: string }[]
}

export class Access {
  /** Whether nothing was declared, so that whoever reaches the system may do everything. */
  readonly isOpen: boolean
  readonly #grants: readonly Grant[]
  readonly #personal: PersonalData
  readonly #scope: Scope

  private constructor(grants: readonly Grant[] | undefined, personal: PersonalData, scope: Scope) {
    this.isOpen = grants === undefined
    this.#grants = grants ?? []
    this.#personal = personal
    this.#scope = scope
  }

  /** Of a system with one log, or of the whole of one with tenants. Throws `config_invalid` for grants that name what the system does not have. */
  static of(system: System, options: AccessOptions | undefined, scope: 'one log' | 'whole' = 'one log'): Access {
    const grants = options && checkedGrants(system, options, { hasTenants: scope === 'whole' })
    return new Access(grants, new PersonalData(system), scope)
  }

  /** The same grants, for what belongs to this tenant. */
  within(tenant: string): Access {
    return new Access(this.isOpen ? undefined : this.#grants, this.#personal, { tenant })
  }

  /** What the principal sees of what it needs. Throws `access_denied`. */
  sees(principal: Principal, need: Need): Sees {
    if (this.isOpen || principal.isLocal) return seesAll
    const where = { scope: this.#scope, need, principal }
    const grants = this.#grants.filter((grant) => isFor(grant, principal) && elsewhere(grant, where) === undefined)
    if (grants.some((grant) => misfit(grant, need, principal, this.#personal) === undefined))
      return seesBy(grants, principal, this.#personal)
    // Whoever is refused is told nothing of the grants: that is for `access explain`.
    throw new IndelibleError(
      'access_denied',
      'You are not allowed to do this. Ask an operator for a grant; "indelible access explain" tells the operator what is missing.',
    )
  }

  explain(principal: Principal, need: Need): Explanation {
    if (this.isOpen) return allowed('No access is declared: everybody may do everything.')
    if (principal.isLocal) return allowed('The principal is local, and may do everything.')
    const considered: { grant: Grant; misfit: string }[] = []
    for (const grant of this.#grants) {
      if (!isFor(grant, principal)) continue
      const problem =
        elsewhere(grant, { scope: this.#scope, need, principal }) ?? misfit(grant, need, principal, this.#personal)
      if (problem === undefined) return { ...allowed('A grant allows it.'), by: grant, considered }
      considered.push({ grant, misfit: problem })
    }
    const reason = considered.length === 0 ? 'There is no grant for this principal.' : 'None of its grants allows it.'
    return { isAllowed: false, reason, by: null, considered }
  }
}

function allowed(reason: string): Explanation {
  return { isAllowed: true, reason, by: null, considered: [] }
}
