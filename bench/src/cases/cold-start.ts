// How long a system takes from the opening of its log until it drives its sagas again, when most sagas have ended long ago.
import { atMost, type BenchCase, sized } from '../case.ts'
import { startChild } from '../children.ts'
import { median } from '../rounds.ts'

const endings = ['closed', 'killed'] as const

export const coldStart: BenchCase = {
  name: 'cold-start',
  summary:
    'start of a system with a million sagas that ended and 10,000 that are open, after a close and after SIGKILL',
  async *run(context) {
    const { ended, open } = sized(context.scale, {
      full: { ended: 1_000_000, open: 10_000 },
      quick: { ended: 100_000, open: 10_000 },
      tiny: { ended: 400, open: 40 },
    })
    const dir = context.scratch('cold-start')
    context.progress(`building ${ended.toLocaleString('en-US')} sagas that ended`)
    const building = startChild('cold-start.ts', [dir, 'build', ended, open, 'closed'])
    await building.report()
    await building.ended()
    const times: Record<(typeof endings)[number], number[]> = { closed: [], killed: [] }
    for (let round = 1; round <= context.rounds; round++) {
      // The one that is killed begins where another was closed, and the other way round.
      for (const [index, ending] of endings.entries()) {
        const next = endings[1 - index]!
        const child = startChild('cold-start.ts', [dir, 'start', ended, open, next])
        const { ms } = await child.report()
        if (next === 'killed') {
          await child.report()
          await child.kill()
        } else await child.ended()
        times[ending].push(ms!)
      }
      context.progress(
        `round ${round}: closed ${times.closed.at(-1)!.toFixed(0)} ms, killed ${times.killed.at(-1)!.toFixed(0)} ms`,
      )
    }
    for (const ending of endings) {
      const ours = median(times[ending])
      yield {
        case: this.name,
        configuration: `${ended.toLocaleString('en-US')} ended, ${open.toLocaleString('en-US')} open, ${ending}`,
        unit: 'ms',
        ours,
        limit: null,
        peers: {},
        targets: [atMost('1 s', ours, 1000)],
        conditions: {
          events: ended * 4 + open * 3,
          payloadBytes: 60,
          clients: 1,
          sync: 'none',
          pageCache: 'as the run left it',
        },
      }
    }
  },
}
