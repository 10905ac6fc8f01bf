// Reads the command line of the simulation. An invalid option is refused here, with what to write instead.
import { parseArgs } from 'node:util'
import type { Placing } from './placement.ts'
import { measured, prices, type Rates } from './rates.ts'
import type { Scenario } from './simulate.ts'

export interface Options {
  readonly wants: 'run' | 'help'
  readonly json: boolean
  readonly scenario: Scenario
  readonly rates: Rates
  readonly machine: { readonly perMonth: number; readonly perShard: number; readonly perTerabyteMonth: number }
}

export class UsageError extends Error {}

/** What each number means, its default and its smallest and largest value. */
const numbers = {
  shards: { value: 100, min: 1, max: 100_000, what: 'logs, each on machines of its own' },
  load: { value: 0.5, min: 0, max: 100, what: 'commands, as a part of what all shards together can take' },
  tenants: { value: 100_000, min: 1, max: 10_000_000, what: 'tenants, which differ in size (Zipf)' },
  cross: { value: 0.05, min: 0, max: 1, what: 'the part of the commands that are transfers to another shard' },
  failovers: { value: 0.1, min: 0, max: 1_000, what: 'failovers of each shard in a day' },
  seconds: { value: 300, min: 1, max: 86_400, what: 'simulated time' },
  seed: { value: 1, min: 0, max: 2 ** 32 - 1, what: 'of the random numbers' },
  commits: { value: measured.commitsPerSecond, min: 1, max: 1e9, what: 'commits that one log takes in a second' },
  'command-ms': { value: measured.commandMs, min: 0, max: 1e6, what: 'from a command to its answer, without load' },
  'hop-ms': { value: measured.hopMs, min: 0, max: 1e6, what: 'from an event to the next command of a saga' },
  'failover-ms': { value: measured.failoverMs, min: 0, max: 1e9, what: 'time without writes in a failover' },
  'event-bytes': { value: measured.bytesPerEvent, min: 1, max: 1e9, what: 'one event on disk' },
  machines: {
    value: prices.machinesPerShard,
    min: 1,
    max: 100,
    what: 'machines of a shard: primary, standbys, processes',
  },
  'machine-price': { value: prices.machinePerMonth, min: 0, max: 1e9, what: 'of one machine in a month' },
  'disk-price': { value: prices.terabytePerMonth, min: 0, max: 1e9, what: 'of one terabyte on one machine in a month' },
} as const

type Name = keyof typeof numbers

export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parsed(args)
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not understood: options begin with --.`)
  const number = (name: Name): number => {
    const { value, min, max } = numbers[name]
    const given = values[name]
    if (given === undefined) return value
    const read = Number(given)
    if (given !== '' && read >= min && read <= max) return read
    throw new UsageError(`--${name} must be a number from ${min} to ${max}, not "${given}".`)
  }
  const placing = values.placing
  if (placing !== 'hash' && placing !== 'directory')
    throw new UsageError(`--placing must be hash or directory, not "${placing}".`)
  const rates: Rates = {
    commitsPerSecond: number('commits'),
    commandMs: number('command-ms'),
    hopMs: number('hop-ms'),
    failoverMs: number('failover-ms'),
    bytesPerEvent: number('event-bytes'),
  }
  const shards = Math.round(number('shards'))
  return {
    wants: values.help ? 'help' : 'run',
    json: values.json,
    rates,
    scenario: {
      shards,
      tenants: Math.round(number('tenants')),
      placing: placing satisfies Placing,
      commandsPerSecond: number('load') * shards * rates.commitsPerSecond,
      crossShare: number('cross'),
      failoversPerDay: number('failovers'),
      seconds: number('seconds'),
      seed: Math.round(number('seed')),
    },
    machine: {
      perMonth: number('machine-price'),
      perShard: number('machines'),
      perTerabyteMonth: number('disk-price'),
    },
  }
}

function parsed(args: readonly string[]) {
  try {
    const texts = Object.fromEntries(Object.keys(numbers).map((name) => [name, { type: 'string' }])) as {
      readonly [Each in Name]: { readonly type: 'string' }
    }
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...texts,
        placing: { type: 'string', default: 'directory' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\.?$/, '.'))
  }
}

export function helpText(): string {
  const lines = Object.entries(numbers).map(([name, { what, value }]) => `  --${name.padEnd(14)} ${what} (${value})\n`)
  return `Usage: npm run --silent simulate -- [options]

Simulates many logs under load with the rates that were measured (docs/scaling.md), and says how much they are used, how long commands and transfers take, and
what it costs. Prices are examples: give your own.

Options:
${lines.join('')}  --placing NAME    where tenants are: "hash" of their name, or a "directory" that fills the emptiest shard (directory)
  --json            one line of JSON
  -h, --help        this text

Examples:
  npm run --silent simulate -- --shards 1000
      a thousand logs at half of what they can take
  npm run --silent simulate -- --shards 1000 --placing hash
      the same, with tenants placed by the hash of their name
  npm run --silent simulate -- --shards 10 --cross 0.5 --failovers 24
      half of the commands are transfers to another shard, and each shard fails over every hour

Exit codes:
  0  simulated
  2  not understood
`
}
