// How late events reach the clients of a live feed, at a thousand commands a second and with a thousand clients, some of which are cut off all the time.
import { mkdirSync, rmSync } from 'node:fs'
import { serve } from '@indelible/server'
import { startSystem } from 'indelible'
import { fileStore } from 'indelible/file'
import { bank, Deposit, OpenAccount } from '../bank.ts'
import { atMost, type BenchCase, type BenchContext, type Row, sized } from '../case.ts'
import { check } from '../check.ts'
import { startChild } from '../children.ts'
import { atPace } from '../projecting.ts'

const perSecond = 1000
const accounts = 100
/** A random client is cut off and comes again this often. */
const cutOffEveryMs = 20

export const liveFeeds: BenchCase = {
  name: 'live-feeds',
  summary: 'command recorded to every client of the feed told, 1,000 commands/s, 1,000 clients, some cut off',
  async *run(context) {
    const size = sized(context.scale, {
      full: { seconds: 60, clients: 1000 },
      quick: { seconds: 10, clients: 1000 },
      tiny: { seconds: 1, clients: 20 },
    })
    const { p50Ms, p99Ms, resumed } = await measure(size, context)
    const row = (configuration: string, ours: number, targets: Row['targets']): Row => ({
      case: liveFeeds.name,
      configuration,
      unit: 'ms',
      ours,
      limit: null,
      peers: {},
      targets,
      conditions: {
        events: perSecond * size.seconds,
        payloadBytes: 85,
        clients: size.clients,
        sync: 'every command',
        perSecond,
        resumed: resumed!,
      },
    })
    yield row('p50', p50Ms!, [])
    yield row('p99', p99Ms!, [atMost('250 ms', p99Ms!, 250)])
  },
}

async function measure({ seconds, clients }: { seconds: number; clients: number }, context: BenchContext) {
  const dir = context.scratch('live-feeds')
  mkdirSync(dir, { recursive: true })
  const running = startSystem(bank, { store: await fileStore({ dir }), domainCode: 'trusted' })
  const server = await serve(running, { port: 0, connectionsMax: 4 * clients, feedsMax: clients + 100 })
  try {
    const day = '1995-03-24'
    for (let account = 0; account < accounts; account++) {
      await running.send(OpenAccount(String(account), { owner: `Owner ${account}`, district: 'Brno', day }))
    }
    const { position: from } = await running.store.head()
    const to = from + perSecond * seconds
    const child = startChild('feed-clients.ts', [new URL(server.url).port, clients, from, to, cutOffEveryMs])
    await child.report()
    await atPace(perSecond, seconds, async (n) => {
      const data = { amount: 1, operation: 'credit in cash', symbol: 'household', day }
      const { status } = await running.send(Deposit(String(n % accounts), data))
      check(status === 'accepted', 'every command is accepted')
    })
    const report = await child.report()
    await child.ended()
    context.progress(
      Object.entries(report)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    )
    check(report.messages === clients * perSecond * seconds, 'every client got every event once')
    return report
  } finally {
    await server.close()
    await running.close()
    rmSync(dir, { recursive: true, force: true })
  }
}
