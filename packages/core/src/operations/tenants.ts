// The tenants of a server: making and listing them. Everything else is asked of a tenant.
import { IndelibleError } from '../kernel/errors.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import type { Tenant, TenantCatalog } from '../runtime/tenants/catalog.ts'
import { tenantNameCharactersMax } from '../runtime/tenants/names.ts'
import { instantSchema, objectOf } from './json-schemas.ts'
import { pageDefault, pageMax } from './limits.ts'
import { operation } from './operation.ts'
import { required, text, wholeNumber } from './parameters.ts'

const schema = objectOf({
  tenant: { type: 'string', description: 'Its name.' },
  createdAt: instantSchema,
  createdBy: { type: ['string', 'null'] },
})

export const createTenant = operation({
  name: 'createTenant',
  effect: 'changes',
  of: 'tenants',
  needs: () => ({ verb: 'administer' }),
  parameters: {
    tenant: required(
      text({
        description: `The name: a-z, 0-9 and "-", with a letter or digit at both ends, at most ${tenantNameCharactersMax} characters.`,
      }),
    ),
  },
  refusals: ['invalid_tenant_name', 'tenant_exists', 'store_full'],
  describe: () => [
    {
      group: 'tenants',
      summary: 'Make a tenant',
      description: 'It has a log of its own, which is empty. The list of tenants records who made it.',
      result: { description: 'The tenant.', schema },
    },
  ],
  async run(running, { tenant }, { by }): Promise<Tenant> {
    return await catalogOf(running).create(tenant, by)
  },
})

/** A page of the tenants. */
export interface TenantPage {
  readonly tenants: readonly Tenant[]
  readonly next: number | null
}

export const listTenants = operation({
  name: 'listTenants',
  effect: 'reads',
  of: 'tenants',
  needs: () => ({ verb: 'administer' }),
  parameters: {
    from: wholeNumber({ description: 'How many tenants are before the page: `next` of the page before.' }),
    limit: wholeNumber({
      min: 1,
      max: pageMax,
      default: pageDefault,
      description: 'The maximum number of tenants on the page.',
    }),
  },
  paging: { parameter: 'from', firstPageOnly: [] },
  describe: () => [
    {
      group: 'tenants',
      summary: 'The tenants',
      description: 'In the order in which they were made.',
      result: {
        description: 'A page of the tenants.',
        schema: objectOf({
          tenants: { type: 'array', items: schema },
          next: { type: ['integer', 'null'] },
        }),
      },
    },
  ],
  async run(running, { from = 0, limit = pageDefault }): Promise<TenantPage> {
    const all = await catalogOf(running).list()
    const next = from + limit
    return { tenants: all.slice(from, next), next: next < all.length ? next : null }
  },
})

function catalogOf({ tenants, system }: RunningSystem): TenantCatalog {
  if (tenants) return tenants
  throw new IndelibleError('unknown_tenant', `The system "${system.name}" has one log, and no tenants.`)
}
