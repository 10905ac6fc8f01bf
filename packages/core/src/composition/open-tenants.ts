// Opens a config with tenants: the list of them at once, each of them when it is needed.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { IndelibleError } from '../kernel/errors.ts'
import { catalogName } from '../runtime/tenants/names.ts'
import type { Tenants } from '../tenants/index.ts'
import { composeTenants, type NoticeOfTenants } from './compose-tenants.ts'
import { assertKept, loadConfig, openers } from './load-config.ts'
import { type OpenSystemOptions, started } from './open-system.ts'

export interface OpenTenantsOptions extends Omit<OpenSystemOptions, 'onNotice'> {
  /** As of a system, with the tenant that it is about. */
  readonly onNotice?: (notice: NoticeOfTenants) => void
}

/**
 * Opens the list of tenants of a config that declares `tenants`: `openTenants(new URL('./indelible.config.ts', import.meta.url))`. Tenants are opened when they are
 * needed; those that have work are found and opened in the background. Throws `config_invalid`, and what the adapters throw.
 */
export async function openTenants(url: URL, options: OpenTenantsOptions = {}): Promise<Tenants> {
  const { dataDir: given, onNotice: notify = () => {}, ...own } = options
  const config = await loadConfig(url)
  const { system, access, tenants } = config
  if (!tenants)
    throw new IndelibleError('config_invalid', `${fileURLToPath(url)} declares no tenants. Open it with openSystem.`)
  const dataDir = given === undefined ? config.dataDir : resolve(given)
  const opened = openers(config, { dataDir, mode: 'run', tenant: catalogName })
  assertKept(config, opened)
  const { snapshots, consumers, audit, telemetry, leases } = opened
  const store = await opened.store()
  const catalog = { store, snapshots, consumers, audit, telemetry, ...(leases ? { leases } : {}) }
  try {
    return composeTenants({
      system,
      access,
      options: tenants,
      catalog,
      own,
      notify,
      async open(tenant, { tenantSystem, own }) {
        const opened = openers(config, { dataDir, mode: 'run', tenant, tenantSystem })
        if (opened.projections === 'thread')
          throw new IndelibleError(
            'config_invalid',
            `${fileURLToPath(url)} declares tenants, and projections on a thread: each open tenant would have a thread. Leave "projections" out.`,
          )
        return await started(config, opened, own)
      },
    })
  } catch (error) {
    await store.close()
    throw error
  }
}
