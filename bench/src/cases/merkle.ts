// What the Merkle tree of the log costs those who append, and how far it is behind.
import { mkdirSync, rmSync } from 'node:fs'
import { openSystem, type RunningSystem } from 'indelible'
import { checkProof, openCheckpoint, verifierKey } from 'indelible/proofs'
import { appenders } from '../append.ts'
import { atLeast, atMost, type BenchCase, type BenchContext, type Row, sized } from '../case.ts'
import { check } from '../check.ts'
import { ours, subjectOf } from '../ours.ts'
import { payloadBytes, payloadsOf, streamOf } from '../payload.ts'
import { atPace } from '../projecting.ts'
import { inRounds, median } from '../rounds.ts'
import { eventType, type Peer } from '../subject.ts'

const clients = 64
const perSecond = 100_000
const eventsPerCommit = 200
const config = new URL('../proved.config.ts', import.meta.url)
const tree = { name: '$tree' }
/** The record of the key. */
const ownEvents = 1

export const merkle: BenchCase = {
  name: 'merkle',
  summary: 'appends with a Merkle tree against appends without one, and how far the tree is behind at 100,000 events/s',
  async *run(context) {
    yield await appends(context)
    yield await behind(context)
  },
}

const withTree: Peer = {
  name: 'with a tree',
  async open(dir) {
    const running = await opened(dir)
    const subject = subjectOf(running.store)
    return {
      ...subject,
      count: async () => (await subject.count()) - ownEvents,
      async close() {
        await checkTree(running)
        await running.close()
      },
    }
  },
}

async function appends(context: BenchContext): Promise<Row> {
  const measureMs = sized(context.scale, { full: 4000, quick: 1500, tiny: 100 })
  const loop = { clients, warmupMs: measureMs / 4, measureMs, actsPerLook: 64 }
  const contestants = appenders([ours, withTree], { loop, eventsPerCommit: 1 }, context)
  const { ours: without, 'with a tree': rate } = await inRounds(contestants, context)
  return {
    case: merkle.name,
    configuration: `${clients} clients`,
    unit: 'events/s',
    ours: rate!,
    limit: without!,
    peers: {},
    targets: [atLeast('0.9 of the rate without a tree', rate!, without! * 0.9)],
    conditions: {
      events: Math.round((rate! * measureMs) / 1000),
      payloadBytes,
      clients,
      sync: 'every event before it is acknowledged',
    },
  }
}

async function behind(context: BenchContext): Promise<Row> {
  const seconds = sized(context.scale, { full: 10, quick: 5, tiny: 1 })
  const pace = sized(context.scale, { full: perSecond, quick: perSecond, tiny: 2_000 })
  const worst: number[] = []
  for (let round = 0; round < context.rounds; round++) {
    worst.push(await worstLag({ seconds, pace }, context))
    context.progress(`round ${round + 1}: at most ${worst.at(-1)!.toFixed(0)} ms behind`)
  }
  return {
    case: merkle.name,
    configuration: `behind at ${pace.toLocaleString('en-US')} events/s`,
    unit: 'ms',
    ours: median(worst),
    limit: null,
    peers: {},
    targets: [atMost('1 s', median(worst), 1_000)],
    conditions: { events: pace * seconds, payloadBytes, clients: 1, sync: `every commit of ${eventsPerCommit}`, pace },
  }
}

/** The longest time from an acknowledged commit to a checkpoint that has it. */
async function worstLag({ seconds, pace }: { seconds: number; pace: number }, context: BenchContext): Promise<number> {
  const dir = context.scratch('merkle')
  mkdirSync(dir, { recursive: true })
  const running = await opened(dir)
  const waits: Promise<number>[] = []
  try {
    await atPace(pace / eventsPerCommit, warmupSeconds + seconds, async (n) => {
      const stream = streamOf(n % clients)
      const events = payloadsOf(n % clients, { from: 1, count: eventsPerCommit }).map((data) => ({
        stream,
        type: eventType,
        data,
      }))
      const outcome = await running.store.append({ events })
      check(outcome.status === 'written', 'the commit is written')
      const isWarm = n >= (warmupSeconds * pace) / eventsPerCommit
      if (!isWarm || n % samplesEvery !== 0 || outcome.status !== 'written') return
      const acknowledged = performance.now()
      const signed = running.waitFor(tree, outcome.lastPosition, { timeoutMs: 120_000 })
      waits.push(signed.then(() => performance.now() - acknowledged))
    })
    const worst = Math.max(...(await Promise.all(waits)))
    await checkTree(running)
    return worst
  } finally {
    await running.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

const samplesEvery = 20
const warmupSeconds = 2

async function opened(dir: string): Promise<RunningSystem> {
  const running = await openSystem(config, { dataDir: dir })
  await running.waitFor(tree, ownEvents, { timeoutMs: 60_000 })
  return running
}

/** All events are signed, and some are proved. */
async function checkTree(running: RunningSystem): Promise<void> {
  const { position } = await running.store.head()
  await running.waitFor(tree, position, { timeoutMs: 120_000 })
  const { checkpoint, keys } = await running.proofs.latest()
  const known = keys.map(verifierKey)
  check(openCheckpoint(checkpoint, known).size === position, `all ${position} events are signed`)
  for (let at = 1; at <= position; at += Math.ceil(position / 16)) {
    const { event, proof } = await running.proofs.event(at)
    check(checkProof(proof, known).event.stream === event.stream, `the event at ${at} is proved`)
  }
}
