// Starts a system with tenants in memory.
import type { AccessOptions } from '../access/index.ts'
import type { System } from '../kernel/system.ts'
import { type MemoryStorage, memoryStorage } from '../memory/storage.ts'
import type { TelemetryOptions } from '../runtime/telemetry/index.ts'
import { catalogName } from '../runtime/tenants/names.ts'
import { checkedTenants, type Tenants, type TenantsOptions } from '../tenants/index.ts'
import { type ComposedTenants, composeTenants, type NoticeOfTenants } from './compose-tenants.ts'
import type { OpenOptions } from './config.ts'
import { type StartOptions, startSystem } from './start-system.ts'

export interface StartTenantsOptions extends Partial<ComposedTenants['own']> {
  readonly tenants?: TenantsOptions
  readonly access?: AccessOptions | undefined
  readonly telemetry?: TelemetryOptions | undefined
  readonly onNotice?: (notice: NoticeOfTenants) => void
  /** What everything is kept in. With one of `memoryStorage()` a later start finds what an earlier one left. */
  readonly storage?: (name: string) => MemoryStorage
  /** What a tenant runs on besides memory: `open: ({ tenantSystem }) => ({ remotes: { partner: tenantSystem('acme') } })`. */
  readonly open?: (options: Pick<OpenOptions, 'tenant' | 'tenantSystem'>) => StartOptions | Promise<StartOptions>
}

/**
 * Starts a system with tenants in memory: `startTenants(system)`. A tenant that is closed keeps what it had. Throws `invalid_declaration`, `invalid_duration`,
 * `config_invalid`.
 */
export async function startTenants(system: System, options: StartTenantsOptions = {}): Promise<Tenants> {
  const { tenants = {}, access, telemetry, onNotice: notify = () => {}, storage, open = () => ({}), ...own } = options
  const inMemory = storage ?? memoryStorage({ clock: own.clock })
  const openedFor = async (name: string) => {
    const { store, tables, ...others } = inMemory(name)
    return { ...others, store: await store(), tables: await tables() }
  }
  return composeTenants({
    system,
    access,
    options: checkedTenants(tenants),
    catalog: { ...(await openedFor(catalogName)), telemetry },
    own,
    notify,
    open: async (tenant, { tenantSystem, own }) =>
      startSystem(system, { ...(await openedFor(tenant)), ...(await open({ tenant, tenantSystem })), ...own }),
  })
}
