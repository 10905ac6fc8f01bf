// A replicated Postgres loses its primary, again and again, under 64 clients: every command that was acknowledged is in the log once, at its position.
import { setTimeout as pause } from 'node:timers/promises'
import { clusterMissing, type Node, type PostgresCluster, startPostgresCluster } from '@indelible/postgres-cluster'
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest'
import { draws, hours, long, seed } from '../../../scripts/campaign.ts'
import { skippedBecause } from '../../../scripts/skips.ts'
import { postgresStore } from '../src/index.ts'
import { checkLog, writing } from './failover-support.ts'
import { freshDir } from './support.ts'

type Fault = (typeof faults)[number]
const faults = ['kill', 'crash', 'stop', 'cutOff', 'separate', 'freeze'] as const
/** In the long run each of them 20 times. */
const share: readonly Fault[] = long
  ? faults.flatMap((fault) => Array<Fault>(20).fill(fault))
  : ['kill', 'stop', 'separate']

describe.skipIf(clusterMissing)(`three machines with Postgres${skippedBecause(clusterMissing)}`, () => {
  let cluster: PostgresCluster
  beforeAll(async () => {
    cluster = await startPostgresCluster()
  }, 120_000)
  afterAll(() => cluster?.remove())

  test(`the primary is lost ${share.length} times: what was acknowledged is there once`, hours, async () => {
    const next = draws()
    const dir = freshDir()
    const connectionString = cluster.connectionString()
    const child = await writing({ dir, connectionString })
    await child.goesOn()
    const gaps = new Map<Fault, number[]>(faults.map((fault) => [fault, []]))
    const left = [...share]
    while (left.length > 0) {
      const [fault] = left.splice(next(left.length), 1) as [Fault]
      const victim = await cluster.primary({ isWhole: true })
      await pause(next(500))
      const began = Date.now()
      await cluster[fault](victim)
      await otherPrimary(victim)
      await child.goesOn()
      gaps.get(fault)!.push(
        longestGap(
          child.acknowledged().map(({ ms }) => ms),
          began,
        ),
      )
      await cluster.heal(victim)
    }
    const met = await child.end()
    const store = await postgresStore({ connectionString })
    onTestFinished(() => store.close())
    const events = await checkLog(store, { dir, ...child })
    const told = [...gaps].map(([fault, ms]) => `${fault} ${ms.map((each) => (each / 1_000).toFixed(1)).join(' ')}`)
    console.log(
      `failover: ${events} events, each once; seconds without writes: ${told.join(', ')}; faults met: ${JSON.stringify(met)}, seed ${seed}`,
    )
  })

  async function otherPrimary(former: Node): Promise<void> {
    while ((await cluster.primary()) === former) await pause(100)
  }
})

/** The longest time without an acknowledgement from a moment on, in milliseconds. */
function longestGap(acknowledgedMs: readonly number[], from: number): number {
  const later = [from, ...acknowledgedMs.filter((ms) => ms >= from)]
  return Math.max(...later.slice(1).map((ms, index) => ms - later[index]!))
}
