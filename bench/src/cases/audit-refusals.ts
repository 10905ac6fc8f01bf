// What it costs to record refused commands in the audit trail, under a load of which half is refused.
import { mkdirSync, rmSync } from 'node:fs'
import type { RunningSystem, StartOptions } from 'indelible'
import { auditTrail } from 'indelible/history'
import { atLeast, type BenchCase, type BenchContext, sized } from '../case.ts'
import { check } from '../check.ts'
import { closedLoop } from '../closed-loop.ts'
import { inRounds } from '../rounds.ts'
import { Deposit, startTransfers, Withdraw } from '../transfers.ts'

const clients = 64
const by = { actor: 'teller' }

export const auditRefusals: BenchCase = {
  name: 'audit-refusals',
  summary: 'commands of which half is refused, with refusals in the audit trail against without',
  async *run(context) {
    const measureMs = sized(context.scale, { full: 5000, quick: 2000, tiny: 100 })
    const rate = (audit?: StartOptions['audit']) => async () => await commandsPerSecond({ audit, measureMs }, context)
    const { audited, without } = await inRounds({ audited: rate({ refusals: true }), without: rate() }, context)
    yield {
      case: auditRefusals.name,
      configuration: `${clients} clients`,
      unit: 'commands/s',
      ours: audited!,
      limit: without!,
      peers: {},
      targets: [atLeast('0.95 of the rate without', audited!, without! * 0.95)],
      conditions: {
        events: Math.round((audited! * measureMs) / 1000),
        payloadBytes: 12,
        clients,
        sync: 'every accepted command',
      },
    }
  },
}

/** Each client deposits 1 into its own account, then asks for more than there is, and so on. */
async function commandsPerSecond(
  { audit, measureMs }: { audit: StartOptions['audit']; measureMs: number },
  context: BenchContext,
): Promise<number> {
  const dir = context.scratch('audit')
  mkdirSync(dir, { recursive: true })
  const running = await startTransfers(dir, { audit })
  try {
    const loop = { clients, warmupMs: measureMs / 4, measureMs, actsPerLook: 64 }
    const { rate, turns } = await closedLoop(loop, async (client, turn) => {
      const id = String(client)
      const isRefused = turn % 2 === 1
      const { status } = await running.send(isRefused ? Withdraw(id, tooMuch) : Deposit(id, one), by)
      check(status === (isRefused ? 'refused' : 'accepted'), `the command is ${status} as it should be`)
    })
    const refused = turns.reduce((sum, count) => sum + Math.floor(count / 2), 0)
    const accepted = turns.reduce((sum, count) => sum + Math.ceil(count / 2), 0)
    await checkTrail(running, { accepted, refused: audit ? refused : 0 })
    return rate
  } finally {
    await running.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

const one = { amount: 1 }
const tooMuch = { amount: 1_000_000_000 }

/** Every command is in the trail, and nothing was left out. */
async function checkTrail(
  { store }: RunningSystem,
  expected: { readonly accepted: number; readonly refused: number },
): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const found: Record<string, number> = { accepted: 0, refused: 0 }
    for await (const { outcome } of auditTrail(store)) found[outcome] = (found[outcome] ?? 0) + 1
    check(!found.gap, 'nothing is missing in the trail')
    check(found.accepted === expected.accepted, `the trail has ${expected.accepted} accepted commands`)
    if (found.refused === expected.refused) return
    // The last of them wait in memory.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  check(false, `the trail has ${expected.refused} refused commands`)
}
