// The simulation behind docs/scaling.md: it must agree with what can be computed by hand.
import { describe, expect, test } from 'vitest'
import { readOptions } from '../src/simulation/options.ts'
import { sharesOf } from '../src/simulation/placement.ts'
import { poisson, randomOf } from '../src/simulation/random.ts'
import { type Scenario, simulate } from '../src/simulation/simulate.ts'

const rates = { commitsPerSecond: 1_000, commandMs: 2, hopMs: 4, failoverMs: 5_000, bytesPerEvent: 500 }
const scenario: Scenario = {
  shards: 20,
  tenants: 1_000,
  placing: 'directory',
  commandsPerSecond: 10_000,
  crossShare: 0,
  failoversPerDay: 0,
  seconds: 60,
  seed: 1,
}

test('the same seed gives the same figures, another seed others', () => {
  const hashed = { ...scenario, placing: 'hash' } as const
  expect(simulate(hashed, rates)).toEqual(simulate(hashed, rates))
  expect(simulate({ ...hashed, seed: 2 }, rates)).not.toEqual(simulate(hashed, rates))
})

test('at half of the rate nothing waits, and above it commands wait longer and longer', () => {
  const calm = simulate(scenario, rates)
  expect(calm.usedMax).toBeCloseTo(0.5)
  expect(calm.commandP99Ms).toBeLessThan(30)
  const flooded = simulate({ ...scenario, commandsPerSecond: 40_000 }, rates)
  expect(flooded.overloaded).toBe(20)
  // After 60 s twice as much came as was done: the last ones wait for another 60 s.
  expect(flooded.commandP99Ms).toBeGreaterThan(50_000)
  expect(flooded.commandP99Ms).toBeLessThan(70_000)
})

test('a transfer to another shard is seven commits, six of them here, and the hops between them', () => {
  const { transferP50Ms, commitsPerSecond } = simulate(
    { ...scenario, commandsPerSecond: 1_000, crossShare: 0.1 },
    rates,
  )
  expect(commitsPerSecond).toBeCloseTo(900 + 700)
  expect(transferP50Ms).toBeGreaterThan(7 * rates.commandMs)
  expect(transferP50Ms).toBeLessThan(7 * (rates.commandMs + rates.hopMs))
})

test('as many commands meet a failover as it takes part of the day', () => {
  const { metFailover } = simulate({ ...scenario, failoversPerDay: 1_728, seconds: 600 }, rates)
  // A failover of 5 s every 50 s.
  expect(metFailover).toBeGreaterThan(0.07)
  expect(metFailover).toBeLessThan(0.12)
})

test.each(['hash', 'directory'] as const)('every placing gives away all work: %s', (placing) => {
  const shares = sharesOf({ shards: 50, tenants: 10_000, placing, random: randomOf(1) })
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1)
})

test.each([0, 0.3, 5, 200])('random counts have the mean that was asked for: %s', (mean) => {
  const random = randomOf(7)
  const sum = Array.from({ length: 20_000 }, () => poisson(random, mean)).reduce((all, each) => all + each, 0)
  expect(sum / 20_000).toBeCloseTo(mean, mean > 10 ? 0 : 1)
})

describe('the command line', () => {
  test('gives the load as a part of what all shards can take', () => {
    const { scenario } = readOptions(['--shards', '10', '--load', '0.2', '--commits', '500'])
    expect(scenario).toMatchObject({ shards: 10, commandsPerSecond: 1_000, placing: 'directory' })
  })

  test.each([
    [['--shards', '0'], '--shards must be a number from 1 to 100000, not "0".'],
    [['--load', ''], '--load must be a number from 0 to 100, not "".'],
    [['--placing', 'east'], '--placing must be hash or directory, not "east".'],
    [['1000'], '"1000" is not understood: options begin with --.'],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})
