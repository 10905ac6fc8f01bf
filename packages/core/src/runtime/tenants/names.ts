// The names of tenants. Each is safe as a directory, as a value in a database and in a URL, everywhere: file systems may not tell upper from lower case.
import { IndelibleError } from '../../kernel/errors.ts'
import { shown } from '../../kernel/shown.ts'

export const tenantNameCharactersMax = 63

/** The log that keeps the list of tenants and the API keys is opened under this name, which no tenant can have. */
export const catalogName = 'catalog'

const form = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/

/** Throws `invalid_tenant_name`. */
export function checkedTenantName(name: unknown): string {
  const isFit = typeof name === 'string' && name.length <= tenantNameCharactersMax && form.test(name)
  if (isFit && name !== catalogName) return name
  const problem = isFit
    ? 'is the name of the list of tenants. Choose another one'
    : `must be of a-z, 0-9 and "-", with a letter or digit at both ends, and have at most ${tenantNameCharactersMax} characters`
  throw new IndelibleError('invalid_tenant_name', `The name of a tenant, ${shown(name)}, ${problem}.`)
}
