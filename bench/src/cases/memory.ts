// The memory that a process needs to serve a large log, beyond what Node needs to run at all.
import { rmSync } from 'node:fs'
import { copyOf } from '../big-log.ts'
import { atMost, type BenchCase, sized } from '../case.ts'
import { check } from '../check.ts'
import { startChild } from '../children.ts'
import { payloadBytes } from '../payload.ts'

/** With Node's defaults, where V8 lets short-lived garbage grow to 128 MiB before it collects, and with a limit for that. */
const settings = [
  { name: '', flags: [] },
  { name: ', --max-semi-space-size=16', flags: ['--max-semi-space-size=16'] },
]

export const memory: BenchCase = {
  name: 'memory',
  summary: 'resident memory of a process that reads and appends to streams of a log of ten million events',
  async *run(context) {
    const { events, seconds } = sized(context.scale, {
      full: { events: 10_000_000, seconds: 20 },
      quick: { events: 1_000_000, seconds: 5 },
      tiny: { events: 1000, seconds: 0.3 },
    })
    const log = await context.bigLog(events)
    for (const { name, flags } of settings) {
      const dir = await copyOf(log, context.scratch('memory'))
      const empty = startChild('empty.ts', [], { flags })
      const { maxRssKiB: baseKiB } = await empty.report()
      context.progress(`serving a log of ${events} events for ${seconds} s${name}`)
      const server = startChild('serve.ts', [dir, log.streams, seconds], { flags })
      const { maxRssKiB, reads, appends } = await server.report()
      await Promise.all([empty.ended(), server.ended()])
      rmSync(dir, { recursive: true })
      check(reads! > 0, 'it read')
      // Each writer that readers delayed gets one turn at the end.
      check(appends! > writers, 'it appended meanwhile')
      const ours = (maxRssKiB! - baseKiB!) / 1024
      yield {
        case: this.name,
        configuration: `${events.toLocaleString('en-US')} events${name}`,
        unit: 'MiB',
        ours,
        limit: null,
        peers: {},
        targets: [atMost('256 MiB', ours, 256)],
        conditions: {
          events,
          streams: log.streams,
          payloadBytes,
          clients: 2 * writers,
          sync: 'every event before it is acknowledged',
          readsPerSecond: Math.round(reads! / seconds),
          appendsPerSecond: Math.round(appends! / seconds),
          emptyProcessMiB: Math.round(baseKiB! / 1024),
        },
      }
    }
  },
}

/** In `children/serve.ts`, which has as many readers. */
const writers = 8
