// What a server serves: one system, or the tenants of one. Nothing else knows the difference.
import type { Context } from 'hono'
import type { RunningSystem, System, Tenants } from 'indelible'
import { type Call, granted, type Need, type Operation, type Principal } from 'indelible/operations'

/** Where an operation stands: at the root, or below each tenant. */
export type Stand = 'root' | 'tenant'

/** In a path, in the syntax of OpenAPI. */
export const tenantPrefix = '/tenants/{tenant}'

export interface Served {
  /** Its declaration. */
  readonly system: System
  readonly hasTenants: boolean
  /** Who is let in, what is measured, whether it is ready: the system itself, or what belongs to no tenant. */
  readonly whole: RunningSystem
  standsOf(operation: Pick<Operation, 'of'>): readonly Stand[]
  /** Runs an operation where the request asks for it. */
  run(
    c: Context,
    stand: Stand,
    operation: Operation,
    input: Readonly<Record<string, unknown>>,
    call: Call,
  ): Promise<unknown>
  /** Works with the log that the request asks for, where a grant allows it. Throws `access_denied`. */
  use<Result>(c: Context, asked: AskedPage, work: (running: RunningSystem) => Promise<Result>): Promise<Result>
}

/** What carries no operation needs a grant too. */
export interface AskedPage {
  readonly stand: Stand
  readonly page: string
  readonly needs: Need
  readonly principal: Principal
}

export function servedBy(served: RunningSystem | Tenants): Served {
  return 'whole' in served ? tenantsServed(served) : systemServed(served)
}

function systemServed(running: RunningSystem): Served {
  return {
    system: running.system,
    hasTenants: false,
    whole: running,
    standsOf: ({ of }) => (of === 'tenants' ? [] : ['root']),
    run: async (_c, _stand, operation, input, call) => await operation.run(running, input, call),
    async use(_c, asked, work) {
      assertGranted(running, asked)
      return await work(running)
    },
  }
}

function tenantsServed(tenants: Tenants): Served {
  const { system, whole } = tenants
  return {
    system,
    hasTenants: true,
    whole,
    standsOf: ({ of }) => (of === 'log' ? ['tenant'] : of === 'both' ? ['root', 'tenant'] : ['root']),
    async run(c, stand, operation, input, call) {
      if (stand === 'root') return await operation.run(whole, input, call)
      return await tenants.run(operation, tenantOf(c), input, call)
    },
    async use(c, asked, work) {
      if (asked.stand === 'root') {
        assertGranted(whole, asked)
        return await work(whole)
      }
      const tenant = tenantOf(c)
      // Before anything tells whether there is such a tenant.
      assertGranted({ access: whole.access.within(tenant), audit: whole.audit }, asked, { tenant })
      return await tenants.use(tenant, work)
    },
  }
}

function tenantOf(c: Context): string {
  return c.req.param('tenant')!
}

function assertGranted(
  running: Pick<RunningSystem, 'access' | 'audit'>,
  { page, needs, principal }: AskedPage,
  input: object = {},
): void {
  const asked = { operation: `GET ${page}`, input, stream: undefined, actor: principal.actor }
  granted(running, asked, { principal, need: needs })
}

/** A path, where it stands. */
export function pathAt(stand: Stand, path: string): string {
  return stand === 'tenant' ? tenantPrefix + path : path
}
