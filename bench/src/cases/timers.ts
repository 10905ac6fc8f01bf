// Timers that wait and fire: the memory of a process that holds a million of them, and how many it fires in a second.
import { rmSync } from 'node:fs'
import { atLeast, atMost, type BenchCase, type BenchContext, type Row, sized } from '../case.ts'
import { startChild } from '../children.ts'
import { median } from '../rounds.ts'
import { type Kind, kinds } from '../timers.ts'

const labels: Readonly<Record<Kind, string>> = { sleeps: 'sagas that sleep', commands: 'scheduled commands' }

export const timers: BenchCase = {
  name: 'timers',
  summary: 'sagas and scheduled commands that wait for a time: memory of a million, and fired a second',
  async *run(context) {
    const count = sized(context.scale, { full: 1_000_000, quick: 50_000, tiny: 200 })
    for (const kind of Object.keys(kinds) as Kind[]) {
      const measured: Measured[] = []
      for (let round = 1; round <= context.rounds; round++) {
        measured.push(await measure(kind, count, context))
        const { heldMiB, firedPerSecond } = measured.at(-1)!
        context.progress(`${labels[kind]}, round ${round}: ${heldMiB.toFixed(0)} MiB, ${firedPerSecond.toFixed(0)}/s`)
      }
      yield* rows(kind, count, measured)
    }
  },
}

interface Measured {
  readonly heldMiB: number
  readonly peakMiB: number
  readonly startMs: number
  readonly firedPerSecond: number
  readonly firingPeakMiB: number
}

async function measure(kind: Kind, count: number, context: BenchContext): Promise<Measured> {
  const dir = context.scratch('timers')
  const step = async (what: 'arm' | 'hold' | 'fire') => {
    const child = startChild('timers.ts', [dir, kind, what, count])
    const report = await child.report()
    // It checks what it fired, and closes.
    await child.report()
    await child.ended()
    return report
  }
  try {
    const empty = startChild('empty.ts', [])
    const { maxRssKiB: baseKiB } = await empty.report()
    await empty.ended()
    const mib = (kib: number | undefined) => (kib! - baseKiB!) / 1024
    await step('arm')
    context.progress(`${count} ${labels[kind]} are pending`)
    const held = await step('hold')
    const fired = await step('fire')
    return {
      heldMiB: mib(held.rssKiB),
      peakMiB: mib(held.peakKiB),
      startMs: held.ms!,
      firedPerSecond: (count / fired.ms!) * 1000,
      firingPeakMiB: mib(fired.peakKiB),
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function* rows(kind: Kind, count: number, measured: readonly Measured[]): Generator<Row> {
  const of = (name: keyof Measured) => median(measured.map((each) => each[name]))
  const conditions = { events: count, payloadBytes: 13, clients: 1, sync: 'every commit' }
  const held = of('heldMiB')
  yield {
    case: timers.name,
    configuration: `${count.toLocaleString('en-US')} ${labels[kind]}, pending`,
    unit: 'MiB',
    ours: held,
    limit: null,
    peers: {},
    targets: [atMost('256 MiB', held, 256)],
    conditions: { ...conditions, peakMiB: Math.round(of('peakMiB')), startMs: Math.round(of('startMs')) },
  }
  const rate = of('firedPerSecond')
  yield {
    case: timers.name,
    configuration: `${count.toLocaleString('en-US')} ${labels[kind]}, fired`,
    unit: 'timers/s',
    ours: rate,
    limit: null,
    peers: {},
    targets: [atLeast('20,000 timers/s', rate, 20_000)],
    conditions: {
      ...conditions,
      peakMiB: Math.round(of('firingPeakMiB')),
    },
  }
}
