// How long it takes until a log can be used, in a fresh process: after an orderly close, and after its writer was killed.
import { copyOf } from '../big-log.ts'
import { atMost, type BenchCase, type Row, sized } from '../case.ts'
import { check } from '../check.ts'
import { type Report, startChild } from '../children.ts'
import { payloadBytes } from '../payload.ts'
import { median } from '../rounds.ts'

const endings = ['closed', 'killed'] as const
type Ending = (typeof endings)[number]

export const open: BenchCase = {
  name: 'open',
  summary: 'time to open a log of one, three and ten million events, after an orderly close and after SIGKILL',
  async *run(context) {
    const sizes = sized(context.scale, {
      full: [1_000_000, 3_000_000, 10_000_000],
      quick: [100_000, 300_000, 1_000_000],
      tiny: [500, 1000, 3000],
    })
    const logs: Measured[] = []
    for (const events of sizes) {
      const dir = await copyOf(await context.bigLog(events), context.scratch('open'))
      logs.push({ events, dir, ms: { closed: [], killed: [] }, limitMs: [] })
    }
    // Such a short measurement would include the activity of other processes, so there are more rounds.
    const rounds = context.rounds + (context.scale === 'tiny' ? 0 : 2)
    for (let round = 1; round <= rounds; round++) {
      for (const log of logs) {
        await openTwice(log)
        const [closed, killed] = endings.map((ending) => log.ms[ending].at(-1)!.toFixed(1))
        context.progress(`round ${round}: ${log.events} events, closed ${closed} ms, killed ${killed} ms`)
      }
    }
    for (const ending of endings) {
      for (const log of logs) yield row(log, ending)
      yield comparison(logs, ending)
    }
  },
}

interface Measured {
  readonly events: number
  readonly dir: string
  readonly ms: Readonly<Record<Ending, number[]>>
  readonly limitMs: number[]
}

/** The first time is after an orderly close; that process is killed while it appends, so the second time is after a kill. */
async function openTwice({ events, dir, ms, limitMs }: Measured): Promise<void> {
  const first = startChild('open.ts', [dir, 'append'])
  const opened = await first.report()
  check(opened.position! >= events, `the log of ${events} events has them all`)
  const { acknowledged } = await first.report()
  await first.kill()

  const second = startChild('open.ts', [dir, 'close'])
  const recovered = await second.report()
  const kept = opened.position! + acknowledged!
  check(recovered.position! >= kept, `what was acknowledged before the kill is there, ${kept} events`)
  await second.ended()
  record('closed', opened)
  record('killed', recovered)

  function record(ending: Ending, report: Report): void {
    ms[ending].push(report.ms!)
    limitMs.push(report.limitMs!)
  }
}

function row({ events, ms, limitMs }: Measured, ending: Ending): Row {
  const ours = median(ms[ending])
  return {
    case: open.name,
    configuration: `${events.toLocaleString('en-US')} events, ${ending}`,
    unit: 'ms',
    ours,
    limit: median(limitMs),
    peers: {},
    targets: [atMost('100 ms', ours, 100)],
    conditions: { events, payloadBytes, clients: 1, sync: 'none', pageCache: 'as the run left it' },
  }
}

function comparison(logs: readonly Measured[], ending: Ending): Row {
  const [first, last] = [logs[0]!, logs.at(-1)!]
  const ours = median(last.ms[ending]) / median(first.ms[ending])
  return {
    case: open.name,
    configuration: `${last.events / first.events} times the events, ${ending}`,
    unit: 'times',
    ours,
    limit: median(last.limitMs) / median(first.limitMs),
    peers: {},
    targets: [atMost('1.5 times as long', ours, 1.5)],
    conditions: { events: last.events, payloadBytes, clients: 1, sync: 'none', pageCache: 'as the run left it' },
  }
}
