// The program: reads the command line, simulates, prints.
import { helpText, type Options, readOptions, UsageError } from './options.ts'
import { type Simulated, simulate } from './simulate.ts'

export function simulation(args: readonly string[]): number {
  try {
    const options = readOptions(args)
    process.stdout.write(options.wants === 'help' ? helpText() : report(options))
    return 0
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message} See --help.\n`)
    return 2
  }
}

const secondsOfMonth = 30 * 86_400

function report(options: Options): string {
  const simulated = simulate(options.scenario, options.rates)
  const cost = costOf(options, simulated)
  if (options.json) return `${JSON.stringify({ ...options.scenario, ...options.rates, ...simulated, ...cost })}\n`
  const { shards, commandsPerSecond, tenants, placing, crossShare } = options.scenario
  const lines: readonly (readonly [string, string])[] = [
    ['shards', `${whole(shards)}, with ${whole(tenants)} tenants placed by ${placing}`],
    ['commands', `${whole(commandsPerSecond)} a second, ${percent(crossShare)} of them transfers to another shard`],
    ['commits', `${whole(simulated.commitsPerSecond)} a second`],
    ['used', `${percent(simulated.usedP50)} of a middle shard, ${percent(simulated.usedMax)} of the busiest`],
    ['overloaded', `${whole(simulated.overloaded)} shards`],
    ['a command', `p50 ${time(simulated.commandP50Ms)}, p99 ${time(simulated.commandP99Ms)}`],
    ['a transfer', `p50 ${time(simulated.transferP50Ms)}, p99 ${time(simulated.transferP99Ms)}`],
    ['met a failover', `${percent(simulated.metFailover)} of the commands`],
    ['new data', `${cost.terabytesPerMonth.toFixed(1)} TB in a month, on each copy`],
    ['machines', whole(cost.machines)],
    ['price', `${whole(cost.perMonth)} in a month, ${cost.perMillionCommands.toFixed(3)} for a million commands`],
  ]
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join('')
}

/** The disk is that of the events of one month. */
function costOf({ scenario, rates, machine }: Options, { commitsPerSecond }: Simulated) {
  const terabytesPerMonth = (commitsPerSecond * secondsOfMonth * rates.bytesPerEvent) / 1e12
  const machines = scenario.shards * machine.perShard
  const perMonth = machines * machine.perMonth + terabytesPerMonth * machine.perTerabyteMonth * machine.perShard
  const millions = (scenario.commandsPerSecond * secondsOfMonth) / 1e6
  return { terabytesPerMonth, machines, perMonth, perMillionCommands: millions === 0 ? 0 : perMonth / millions }
}

function whole(figure: number): string {
  return Math.round(figure).toLocaleString('en')
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.001 ? 4 : 1)} %`
}

function time(ms: number): string {
  if (Number.isNaN(ms)) return '-'
  return ms < 10_000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`
}
