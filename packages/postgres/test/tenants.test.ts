// Many tenants on one Postgres server: each has a log of its own in one schema, and connections do not grow with their number.
import { startPostgresServer } from '@indelible/postgres-server'
import { defineSystem, startTenants } from 'indelible'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { long } from '../../../scripts/campaign.ts'
import { AskWire, cashOf, commands, other, PayIn, wiring } from '../../core/test/branches.ts'
import { postgresStorage } from '../src/index.ts'
import { keptConnectionsMax } from '../src/kept/limits.ts'

let server: Awaited<ReturnType<typeof startPostgresServer>>
beforeAll(async () => {
  server = await startPostgresServer()
}, 120_000)
afterAll(() => server?.remove())

const count = long ? 10_000 : 40
const openMax = long ? 200 : 10
const connectionsMax = 8

test(
  'each of many tenants keeps its own log, and all of them share a few connections',
  async () => {
    const system = defineSystem({ name: 'bank', commands, sagas: [wiring], remotes: [other] })
    const next = (tenant: string) => `t${(Number(tenant.slice(1)) + 1) % count}`
    const tenants = await startTenants(system, {
      tenants: { openMax, waitMs: 60_000, idleMs: 200 },
      async open({ tenant, tenantSystem }) {
        const { connectionString } = server
        // One process has the tenants alone, and needs no leases.
        const { leases: _, ...kept } = postgresStorage({
          connectionString,
          mode: 'run',
          log: tenant,
          max: connectionsMax,
        })
        return { ...kept, store: await kept.store(), remotes: { other: tenantSystem(next(tenant)) } }
      },
    })
    const watcher = new pg.Client(server.connectionString)
    await watcher.connect()
    let most = 0
    let isLooking = false
    const looks = setInterval(async () => {
      if (isLooking) return
      isLooking = true
      const sql =
        'SELECT count(*)::int AS n FROM pg_stat_activity WHERE client_addr IS NOT NULL AND pid <> pg_backend_pid()'
      const { rows } = await watcher.query(sql).catch(() => ({ rows: [{ n: 0 }] }))
      most = Math.max(most, rows[0].n)
      isLooking = false
    }, 20)
    try {
      const names = Array.from({ length: count }, (_, index) => `t${index}`)
      for (const name of names) await tenants.create(name)
      const left = [...names]
      const caller = async () => {
        for (let name = left.shift(); name; name = left.shift())
          await tenants.use(name, (running) => running.send(PayIn('a', { amount: Number(name.slice(1)) + 1 })))
      }
      await Promise.all(Array.from({ length: 32 }, caller))
      await tenants.use('t0', (running) => running.send(AskWire('w1', { from: 'a', to: 'b', amount: 5 })))
      await tenants.use('t0', (running) => running.waitForSaga(wiring, 'w1', { timeoutMs: 60_000 }))
      expect(await tenants.use('t0', cashOf)).toEqual(['till-a +1', 'till-a -5'])
      expect(await tenants.use('t1', cashOf)).toEqual(['till-a +2', 'till-b +5'])
      for (const name of names.slice(2).filter((_, index) => index % (long ? 97 : 7) === 0))
        expect(await tenants.use(name, cashOf)).toEqual([`till-a +${Number(name.slice(1)) + 1}`])
      expect(tenants.openNow).toBeLessThanOrEqual(openMax)
      expect(most).toBeGreaterThan(0)
      // Those of the logs, those for what is kept beside them, and one that listens.
      expect(most).toBeLessThanOrEqual(connectionsMax + keptConnectionsMax + 1)
      const { rows } = await watcher.query('SELECT count(*)::int AS n FROM indelible.logs')
      expect(rows[0].n).toBe(count)
    } finally {
      clearInterval(looks)
      await watcher.end()
      await tenants.close()
    }
  },
  long ? 3_600_000 : 300_000,
)
