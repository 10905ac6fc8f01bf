// Opens the list of tenants alone, for tools: nothing runs.
import { IndelibleError } from '../kernel/errors.ts'
import { systemClock, systemIds } from '../kernel/system-clock.ts'
import { TenantCatalog } from '../runtime/tenants/catalog.ts'
import { catalogName } from '../runtime/tenants/names.ts'
import { DueWork } from '../tenants/index.ts'
import { assertKept, type LoadedConfig, openers, type WhatToOpen } from './load-config.ts'

export interface OpenCatalog {
  readonly catalog: TenantCatalog
  close(): Promise<void>
}

/** With mode `run` tenants can be made. Throws `unknown_tenant` where the config declares no tenants, `config_invalid`, and what the adapters throw. */
export async function openCatalog(
  config: LoadedConfig,
  { dataDir, mode }: Pick<WhatToOpen, 'dataDir' | 'mode'>,
): Promise<OpenCatalog> {
  if (!config.tenants)
    throw new IndelibleError('unknown_tenant', 'The config declares no tenants, so there is no list.')
  const opened = openers(config, { dataDir, mode, tenant: catalogName })
  assertKept(config, opened)
  const store = await opened.store()
  const due = new DueWork({ records: opened.consumers, clock: systemClock, peers: () => undefined, onDue: () => {} })
  const catalog = new TenantCatalog({ store, ids: systemIds, beforeCreated: (tenant) => due.created(tenant) })
  return { catalog, close: () => store.close() }
}
