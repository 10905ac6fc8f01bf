// Whether appending to a log in Postgres gets slower as it grows.
import { type BenchCase, type BenchContext, sized } from '../case.ts'
import { check } from '../check.ts'
import { closedLoop } from '../closed-loop.ts'
import { openOn } from '../ours-postgres.ts'
import { payloadBytes, payloadOf, payloadsOf, streamOf } from '../payload.ts'
import { median } from '../rounds.ts'
import type { Subject } from '../subject.ts'

const clients = 1024
const commitEvents = 10
const commitsAtOnce = 512

export const pgGrowth: BenchCase = {
  name: 'pg-growth',
  summary: 'the log in Postgres: 1,024 clients that append to a log of zero, three and ten million events',
  async *run(context) {
    const sizes = sized(context.scale, {
      full: [0, 3_000_000, 10_000_000],
      quick: [0, 200_000, 600_000],
      tiny: [0, 2000, 4000],
    })
    const measureMs = sized(context.scale, { full: 6000, quick: 3000, tiny: 100 })
    const database = await context.database()
    const log = { subject: await openOn(database), streams: 0 }
    try {
      let first = 0
      for (const size of sizes) {
        await fill(log, size, context)
        const windows: number[] = []
        for (let round = 0; round < context.rounds; round++) windows.push(await appendTo(log, measureMs))
        const ours = median(windows)
        first ||= ours
        yield {
          case: this.name,
          configuration: `${size.toLocaleString('en-US')} events before`,
          unit: 'events/s',
          ours,
          limit: null,
          peers: {},
          targets:
            size === sizes.at(-1) ? [{ text: 'at least 0.9 of the empty log', reached: ours >= first * 0.9 }] : [],
          conditions: { events: size, payloadBytes, clients, sync: 'every event before it is acknowledged' },
        }
      }
    } finally {
      await log.subject.close()
      await database.drop()
    }
  },
}

interface Log {
  readonly subject: Subject
  /** The streams that it has. */
  streams: number
}

async function fill(log: Log, size: number, context: BenchContext): Promise<void> {
  let count = await log.subject.count()
  if (count < size) context.progress(`a log of ${size} events is made`)
  while (count < size) {
    const first = log.streams
    log.streams += commitsAtOnce
    await Promise.all(
      Array.from({ length: commitsAtOnce }, (_, index) =>
        log.subject.append(streamOf(first + index), 0, payloadsOf(first + index, { from: 1, count: commitEvents })),
      ),
    )
    count += commitsAtOnce * commitEvents
  }
  check((await log.subject.count()) >= size, `there are ${size} events before`)
}

/** Each client on a stream that is new. */
async function appendTo(log: Log, measureMs: number): Promise<number> {
  const first = log.streams
  log.streams += clients
  const before = await log.subject.count()
  const loop = { clients, warmupMs: measureMs / 4, measureMs, actsPerLook: 64 }
  const { rate, turns } = await closedLoop(loop, (client, turn) =>
    log.subject.append(streamOf(first + client), turn, [payloadOf(first + client, turn + 1)]),
  )
  const written = turns.reduce((sum, count) => sum + count, 0)
  check((await log.subject.count()) === before + written, 'the log has every event that it acknowledged')
  return rate
}
