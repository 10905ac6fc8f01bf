// Joins the list of tenants, which is a log of its own, with what opens each of them.
import { Access, type AccessOptions } from '../access/index.ts'
import { defineSystem } from '../kernel/define-system.ts'
import type { System } from '../kernel/system.ts'
import { systemClock, systemIds } from '../kernel/system-clock.ts'
import { memoryTables } from '../memory/read-tables.ts'
import type { RemoteConnection } from '../runtime/remotes/connection.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import type { SystemNotice, SystemOptions } from '../runtime/system-options.ts'
import { Telemetry, type TelemetryOptions } from '../runtime/telemetry/index.ts'
import { TenantCatalog } from '../runtime/tenants/catalog.ts'
import {
  assertRoomForTwo,
  type CheckedTenants,
  DueWork,
  type TenantNotice,
  Tenants,
  tenantSystem,
} from '../tenants/index.ts'
import { type StartOptions, startSystem } from './start-system.ts'

/** A notice of a tenant names it. */
export type NoticeOfTenants = (SystemNotice & { readonly tenant?: string }) | TenantNotice

export interface ComposedTenants {
  readonly system: System
  readonly access: AccessOptions | undefined
  readonly options: CheckedTenants
  /** What the list of tenants is kept in. */
  readonly catalog: Pick<SystemOptions, 'store' | 'consumers' | 'snapshots' | 'audit' | 'leases'> & {
    readonly telemetry?: TelemetryOptions | undefined
  }
  /** For all of them. */
  readonly own: Pick<StartOptions, 'clock' | 'ids' | 'domainCode' | 'recheckEvery'>
  readonly notify: (notice: NoticeOfTenants) => void
  readonly open: (tenant: string, given: OpenedTenant) => Promise<RunningSystem>
}

/** What a tenant is opened with. */
export interface OpenedTenant {
  readonly tenantSystem: (tenant: string) => RemoteConnection
  readonly own: StartOptions
}

export function composeTenants(composed: ComposedTenants): Tenants {
  const { system, options, catalog: kept, own, notify, open } = composed
  const { clock = systemClock, ids = systemIds } = own
  const access = Access.of(system, composed.access, 'whole')
  const telemetry = new Telemetry(kept.telemetry)
  const due = new DueWork({
    records: kept.consumers,
    clock,
    peers: () => whole.peers,
    onDue: (tenant) => tenants.doOwnWork(tenant),
  })
  const catalog = new TenantCatalog({ store: kept.store, ids, beforeCreated: (tenant) => due.created(tenant) })
  const whole: RunningSystem = startSystem(withoutDomain(system), {
    ...own,
    ...kept,
    tables: memoryTables(),
    access,
    telemetry,
    tenants: catalog,
    onNotice: notify,
  })
  const openOne = (tenant: string) =>
    open(tenant, {
      tenantSystem(to) {
        assertRoomForTwo(options)
        return tenantSystem(() => tenants, { from: tenant, to })
      },
      own: {
        ...own,
        access: access.within(tenant),
        telemetry: telemetry.within(tenant),
        onNotice: (notice) => notify({ ...notice, tenant }),
      },
    })
  const tenants: Tenants = new Tenants({ system, whole, catalog, due, options, open: openOne, notify })
  return tenants
}

function withoutDomain({ name }: System): System {
  return defineSystem({ name, commands: [] })
}
