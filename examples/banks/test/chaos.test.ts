// Two banks, two processes, two logs, and the real remittances of a bank. The partner is killed and the network is cut again and again: the money of both
// banks together stays the same, all that is in flight is explained, and nothing is paid twice.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { draws, hours, long, seed } from '../../../scripts/campaign.ts'
import { skippedBecause } from '../../../scripts/skips.ts'
import { czechBankDir, czechBankMissing } from '../../bank/test/czech-bank-data.ts'
import { ask, tell, untilDone } from '../ask-bank.ts'
import type { BankProcess } from '../bank-process.ts'
import { moneyOf } from '../money-of.ts'
import { twoBanks } from '../two-banks.ts'
import { type Remittance, realRemittances } from './remittances.ts'

const [count, kills, cuts] = long ? [2_000, 50, 50] : [30, 2, 2]
/** The partner has no accounts of this bank. */
const unknownBank = 'YZ'
const atOnce = 16

test.skipIf(czechBankMissing)(
  `${count} transfers to a partner that is killed ${kills} times and cut off ${cuts} times${skippedBecause(czechBankMissing)}`,
  async () => {
    const draw = draws()
    const remittances = await realRemittances(czechBankDir, count)
    const { near, far, network } = await openBanks()
    const funds = await openAccounts(near, far, remittances)
    const begunAt = performance.now()

    const faults = { kills: 0, cuts: 0, hangs: 0, ownKills: 0 }
    const left = [...Array(kills).fill('kill'), ...Array(cuts).fill('cut')] as ('kill' | 'cut')[]
    const sent: Promise<void>[] = []
    const share = Math.ceil(count / left.length)
    for (let looks = 0; left.length > 0; looks++) {
      // Each fault meets transfers that have just begun.
      for (const each of remittances.slice(looks * share, (looks + 1) * share)) sent.push(request(near, each))
      await sleep(draw(300))
      const [kind] = left.splice(draw(left.length), 1)
      if (kind === 'kill') {
        await far.end('SIGKILL')
        faults.kills++
        await far.start()
      } else {
        const isHang = draw(3) === 0
        if (isHang) network.hang()
        else network.cut()
        faults[isHang ? 'hangs' : 'cuts']++
        await sleep(draw(isHang ? 3_000 : 1_000))
        network.join()
      }
      if (draw(10) === 0) {
        await near.end('SIGKILL')
        faults.ownKills++
        await near.start()
      }
      expectSound(await moneyOf(near.dataDir, far.dataDir), funds)
    }
    await Promise.all(sent)
    const refused = remittances.filter(({ to }) => to.startsWith(unknownBank)).length
    const ended = await endsOf(near, remittances)
    const seconds = (performance.now() - begunAt) / 1000
    await near.end('SIGTERM')
    await far.end('SIGTERM')
    const money = await moneyOf(near.dataDir, far.dataDir)
    console.log(
      `banks: ${count} transfers in ${seconds.toFixed(1)} s, ${JSON.stringify(faults)}; ` +
        `${money.paid} paid, ${money.givenBack} given back, of which ${refused} to unknown accounts; seed ${seed}`,
    )
    expectSound(money, funds)
    expect(money.inFlight).toBe(0)
    expect(money.paid + money.givenBack).toBe(count)
    expect(ended).toEqual({ completed: money.paid, compensated: money.givenBack })
    // An instant one may run out of time while the partner cannot be reached.
    expect(money.givenBack).toBeGreaterThanOrEqual(refused)
  },
  hours.timeout,
)

function expectSound({ onAccounts, inFlight, wrong }: Awaited<ReturnType<typeof moneyOf>>, funds: number): void {
  expect(wrong).toEqual([])
  expect(onAccounts + inFlight).toBe(funds)
}

async function openBanks() {
  const dir = await mkdtemp(join(tmpdir(), 'indelible-banks-'))
  const banks = await twoBanks(dir)
  onTestFinished(async () => {
    await banks.close('SIGKILL')
    await rm(dir, { recursive: true, force: true })
  })
  return banks
}

/** Every account that sends money has enough. Gives the money of both banks. */
async function openAccounts(near: BankProcess, far: BankProcess, remittances: readonly Remittance[]): Promise<number> {
  const funds = new Map<string, number>()
  for (const { from, amount } of remittances) funds.set(from, (funds.get(from) ?? 0) + amount)
  await inParallel([...funds], async ([id, amount]) => {
    await told(near, `account/${id}/OpenAccount`, { owner: id }, `open ${id}`)
    await told(near, `account/${id}/DepositFunds`, { amount }, `fund ${id}`)
  })
  const known = new Set(remittances.map(({ to }) => to).filter((to) => !to.startsWith(unknownBank)))
  await inParallel([...known], (id) => told(far, `account/${id}/OpenAccount`, { owner: id }, `open ${id}`))
  return [...funds.values()].reduce((sum, each) => sum + each, 0)
}

/** Every second one is instant. */
async function request(near: BankProcess, { id, from, to, amount }: Remittance): Promise<void> {
  const input = { from, to, amount, isInstant: Number(id) % 2 === 0 }
  await told(near, `remittance/${id}/RequestRemittance`, input, `request ${id}`)
}

async function told(
  bank: BankProcess,
  path: `${string}/${string}/${string}`,
  input: unknown,
  commandId: string,
): Promise<void> {
  const { status, body } = await untilDone(() => tell(bank.url, path, input, commandId))
  if (status !== 200) throw new Error(`${path} was answered ${status}: ${JSON.stringify(body)}`)
}

/** Waits until every transfer has ended. */
async function endsOf(near: BankProcess, remittances: readonly Remittance[]): Promise<Record<string, number>> {
  const ends: Record<string, number> = {}
  await inParallel(remittances, async ({ id }) => {
    for (;;) {
      const { body } = await untilDone(() => ask(near.url, `/sagas/remittance/${id}?waitMs=10000`))
      if (!['completed', 'compensated'].includes(body.status)) continue
      ends[body.status] = (ends[body.status] ?? 0) + 1
      return
    }
  })
  return ends
}

async function inParallel<Item>(
  items: readonly Item[],
  each: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const left = [...items.entries()]
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) await each(next[1], next[0])
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
