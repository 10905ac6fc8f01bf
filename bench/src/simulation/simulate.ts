// Many logs under load, in steps of simulated time: each takes so many commits in a second and none while it fails over, and what it cannot take waits.
import { type Placing, sharesOf } from './placement.ts'
import { poisson, randomOf } from './random.ts'
import type { Rates } from './rates.ts'

export interface Scenario {
  readonly shards: number
  readonly tenants: number
  readonly placing: Placing
  /** Commands in a second, of all tenants together. */
  readonly commandsPerSecond: number
  /** The part of the commands that are transfers to another shard. */
  readonly crossShare: number
  /** The failovers of each shard in a day. */
  readonly failoversPerDay: number
  readonly seconds: number
  readonly seed: number
}

export interface Simulated {
  /** The part of its rate that a shard has to do: the middle one, and the one that has most. */
  readonly usedP50: number
  readonly usedMax: number
  /** Shards that have more to do than they can. */
  readonly overloaded: number
  /** From a command to its answer, in milliseconds. */
  readonly commandP50Ms: number
  readonly commandP99Ms: number
  /** From the request of a transfer to another shard to its end, in milliseconds. */
  readonly transferP50Ms: number
  readonly transferP99Ms: number
  /** The part of the commands that waited for a failover. */
  readonly metFailover: number
  readonly commitsPerSecond: number
}

const stepMs = 10
/** Of each shard, in each step, one transfer in so many is followed. */
const transfersFollowed = 64

/**
 * The commits of a transfer to another shard, one after the other: it is requested, and the saga starts; money is withdrawn, and the saga notes it; it is
 * deposited on the other shard, whose event comes back by the feed; the saga ends. Counted in the logs of two tenants with such a saga.
 */
const transferSteps = ['own', 'own', 'own', 'own', 'other', 'own', 'own'] as const
const commitsHere = transferSteps.filter((step) => step === 'own').length
const commitsThere = transferSteps.length - commitsHere

interface Transfer {
  readonly from: number
  readonly to: number
  readonly beganMs: number
  /** When its next commit is asked for. */
  atMs: number
  step: number
}

export function simulate(scenario: Scenario, rates: Rates): Simulated {
  const { shards, commandsPerSecond, crossShare, failoversPerDay, seconds, seed } = scenario
  const random = randomOf(seed)
  const shares = sharesOf({ ...scenario, random })
  const [queues, downUntilMs] = [new Float64Array(shards), new Float64Array(shards)]
  const [commands, transfers] = [new Times(), new Times()]
  /** Transfers that are followed, by the step of time at which they go on. */
  const due = new Map<number, Transfer[]>()
  const perStep = (rates.commitsPerSecond * stepMs) / 1_000
  const failsPerStep = (failoversPerDay * stepMs) / 86_400_000
  const loads = shares.map((share) => {
    const own = share * commandsPerSecond * (1 - crossShare + crossShare * commitsHere)
    return own + (commandsPerSecond * crossShare * commitsThere) / shards
  })
  let [asked, late] = [0, 0]
  const waitMs = (shard: number, nowMs: number) =>
    Math.max(0, downUntilMs[shard]! - nowMs) + (queues[shard]! / rates.commitsPerSecond) * 1_000 + rates.commandMs
  /** Every other commit is asked for by whoever heard an event; the others follow at once. */
  const hopMs = rates.hopMs / 2
  const goOn = (transfer: Transfer, untilMs: number) => {
    while (transfer.atMs < untilMs) {
      if (transfer.step === transferSteps.length) return transfers.add(transfer.atMs - transfer.beganMs)
      const shard = transferSteps[transfer.step++] === 'own' ? transfer.from : transfer.to
      transfer.atMs += waitMs(shard, transfer.atMs) + hopMs
    }
    const step = Math.floor(transfer.atMs / stepMs)
    due.set(step, [...(due.get(step) ?? []), transfer])
  }

  for (let step = 0; step * stepMs < seconds * 1_000; step++) {
    const nowMs = step * stepMs
    for (let shard = 0; shard < shards; shard++) {
      if (failsPerStep > 0 && random() < failsPerStep) downUntilMs[shard] = nowMs + rates.failoverMs
      const isDown = downUntilMs[shard]! > nowMs
      const arrived = poisson(random, (loads[shard]! * stepMs) / 1_000)
      if (arrived > 0) {
        commands.add(waitMs(shard, nowMs), arrived)
        asked += arrived
        if (isDown) late += arrived
      }
      queues[shard] = Math.max(0, queues[shard]! + arrived - (isDown ? 0 : perStep))
      const began = poisson(
        random,
        (shares[shard]! * commandsPerSecond * crossShare * stepMs) / 1_000 / transfersFollowed,
      )
      for (let each = 0; each < began; each++)
        goOn({ from: shard, to: Math.floor(random() * shards), beganMs: nowMs, atMs: nowMs, step: 0 }, nowMs + stepMs)
    }
    for (const transfer of due.get(step) ?? []) goOn(transfer, nowMs + stepMs)
    due.delete(step)
  }

  const used = Array.from(loads, (load) => load / rates.commitsPerSecond).sort((one, other) => one - other)
  return {
    usedP50: used[Math.floor(shards / 2)]!,
    usedMax: used.at(-1)!,
    overloaded: used.filter((each) => each > 1).length,
    commandP50Ms: commands.quantile(0.5),
    commandP99Ms: commands.quantile(0.99),
    transferP50Ms: transfers.quantile(0.5),
    transferP99Ms: transfers.quantile(0.99),
    metFailover: asked === 0 ? 0 : late / asked,
    commitsPerSecond: loads.reduce((sum, load) => sum + load, 0),
  }
}

/** Times in milliseconds, counted in classes that are a hundredth apart. */
class Times {
  readonly #counts = new Map<number, number>()
  #total = 0

  add(ms: number, count = 1): void {
    const key = Math.round(Math.log(Math.max(ms, 0.01)) * 100)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count)
    this.#total += count
  }

  quantile(share: number): number {
    let left = share * this.#total
    for (const [key, count] of [...this.#counts].sort(([one], [other]) => one - other)) {
      left -= count
      if (left <= 0) return Math.exp(key / 100)
    }
    return Number.NaN
  }
}
