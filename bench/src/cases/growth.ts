// Whether appending gets slower as the log grows.
import { mkdirSync } from 'node:fs'
import { copyOf } from '../big-log.ts'
import { type BenchCase, type BenchContext, sized } from '../case.ts'
import { check } from '../check.ts'
import { startChild } from '../children.ts'
import { groupCommitLimit, preallocatedFile } from '../limits.ts'
import { payloadBytes, recordBytes } from '../payload.ts'
import { inRounds } from '../rounds.ts'

const clients = 1024

export const growth: BenchCase = {
  name: 'growth',
  summary: '1,024 clients that append to logs of zero, three and ten million events',
  async *run(context) {
    const sizes = sized(context.scale, {
      full: [0, 3_000_000, 10_000_000],
      quick: [0, 300_000, 1_000_000],
      tiny: [0, 1000, 3000],
    })
    const events = sized(context.scale, { full: 500_000, quick: 200_000, tiny: 2000 })
    const file = preallocatedFile(context.scratch('limit'), 256 * 1024 * 1024)
    const loop = { clients, warmupMs: 500, measureMs: 10_000, actsMax: events, actsPerLook: 64 }
    const copies = new Map<number, string>()
    for (const size of sizes)
      if (size > 0) copies.set(size, await copyOf(await context.bigLog(size), context.scratch('growth')))
    const figures = await inRounds(
      {
        limit: () => groupCommitLimit(file, { recordBytes, loop, how: 'fdatasync' }),
        ...Object.fromEntries(
          sizes.map((size) => [String(size), () => appendTo(copies.get(size) ?? emptyDir(context), { size, events })]),
        ),
      },
      { ...context, rounds: context.rounds + (context.scale === 'tiny' ? 0 : 2) },
    )
    const first = figures[String(sizes[0])]!
    for (const size of sizes) {
      const ours = figures[String(size)]!
      yield {
        case: this.name,
        configuration: `${size.toLocaleString('en-US')} events before`,
        unit: 'events/s',
        ours,
        limit: figures.limit!,
        peers: {},
        targets: size === sizes.at(-1) ? [{ text: 'at least 0.9 of the empty log', reached: ours >= first * 0.9 }] : [],
        conditions: { events: size, payloadBytes, clients, sync: 'every event before it is acknowledged' },
      }
    }
  },
}

function emptyDir(context: BenchContext): string {
  const dir = context.scratch('growth')
  mkdirSync(dir, { recursive: true })
  return dir
}

async function appendTo(dir: string, { size, events }: { size: number; events: number }): Promise<number> {
  const child = startChild('append.ts', [dir, clients, events])
  const { rate, before } = await child.report()
  await child.ended()
  check(before! >= size, `there were ${size} events before`)
  return rate!
}
