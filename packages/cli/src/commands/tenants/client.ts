// Access to the list of tenants: through a running server, or in its log here.
import { isIndelibleError, openCatalog, type Tenant } from 'indelible'
import { operations, type TenantPage } from 'indelible/operations'
import { CliError } from '../../errors/index.ts'
import { askServer } from '../../http/index.ts'
import { type ClientOptions, serverOf, systemOf, untilOpen } from '../../options/index.ts'
import type { Session } from '../../session.ts'

export interface TenantsClient {
  list(): Promise<readonly Tenant[]>
  create(tenant: string, by: { readonly actor?: string }): Promise<Tenant>
  close(): Promise<void>
}

const pageMax = 1_000

/** Throws `usage` where the config declares no tenants, `log_in_use` where a running process has the list. */
export async function openTenantsClient(
  { tenant, ...options }: ClientOptions,
  mode: 'run' | 'inspect',
  session: Session,
): Promise<TenantsClient> {
  if (tenant !== undefined)
    throw new CliError('usage', 'Give the name without --tenant: indelible tenants create NAME.')
  const server = serverOf(options)
  if (server) return byServer(askServer(server, session))
  const config = await systemOf(options, session)
  if (!config.tenants)
    throw new CliError('usage', 'The config declares no tenants. Add "tenants: {}" to it, or ask a server with --url.')
  try {
    const { catalog, close } = await untilOpen(openCatalog(config, { dataDir: config.dataDir, mode }), session)
    return { list: () => catalog.list(), create: (tenant, by) => catalog.create(tenant, by), close }
  } catch (cause) {
    if (!isIndelibleError(cause, 'store_locked')) throw cause
    throw new CliError(
      'log_in_use',
      `A running process has the list of tenants. Ask it with --url http://127.0.0.1:3000. (${cause.message})`,
      { cause },
    )
  }
}

function byServer(ask: ReturnType<typeof askServer>): TenantsClient {
  return {
    async list() {
      const found: Tenant[] = []
      for (let from: number | null = 0; from !== null; ) {
        const page: TenantPage = await ask(operations.listTenants, { from, limit: pageMax })
        found.push(...page.tenants)
        from = page.next
      }
      return found
    },
    create: (tenant, by) => ask(operations.createTenant, { tenant }, by),
    async close() {},
  }
}
