// A connection of one tenant to another: for sagas and policies it is another system, which is reached without a network.
import { type Call, directConnection, type FeedRead, operations } from '../operations/index.ts'
import type { RemoteConnection } from '../runtime/remotes/connection.ts'
import { betweenTenantsWaitMs } from './options.ts'
import type { Tenants } from './tenants.ts'

/** From a tenant to another. The grants of the config are for callers; this connection is made by the config itself. */
export function tenantSystem(tenants: () => Tenants, { from, to }: { from: string; to: string }): RemoteConnection {
  return directConnection(async (operation, input, { principal, ...call }) => {
    const own = { ...call, principal: { actor: `${from}/${principal?.actor ?? ''}`, isLocal: true } }
    if (operation === operations.readFeed) return await heard(tenants(), to, input as FeedAsked, own)
    return await tenants().run(operation, to, input, own, { waitMs: betweenTenantsWaitMs })
  })
}

type FeedAsked = Parameters<typeof operations.readFeed.run>[1]

/**
 * A page of the feed. Who listens does not keep the other tenant open: where that is closed, nothing is recorded, and the wait goes on until it is opened.
 */
async function heard(
  tenants: Tenants,
  tenant: string,
  { waitMs = 0, ...asked }: FeedAsked,
  call: Call,
): Promise<FeedRead> {
  const untilMs = performance.now() + waitMs
  for (;;) {
    const leftMs = Math.max(0, Math.floor(untilMs - performance.now()))
    const page = await tenants.visit(
      tenant,
      (running, signal) => operations.readFeed.run(running, { ...asked, waitMs: leftMs }, { ...call, signal }),
      { signal: call.signal, waitMs: betweenTenantsWaitMs },
    )
    if (page.events.length > 0 || performance.now() >= untilMs || call.signal?.aborted) return page
    await tenants.opened(tenant, { signal: call.signal, ms: untilMs - performance.now() })
  }
}
