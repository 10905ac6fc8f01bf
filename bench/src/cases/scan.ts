// Reads everything once, as a rebuild of a projection does: with parsed payloads, and without parsing them.
import { mkdirSync, rmSync } from 'node:fs'
import { fileStore } from 'indelible/file'
import { eventsPerStream } from '../big-log.ts'
import { atLeast, type BenchCase, type BenchContext, type BigLog, type Row, sized } from '../case.ts'
import { check } from '../check.ts'
import { readWithChecksum } from '../limits.ts'
import { payloadBytes, payloadOf, payloadsOf, streamOf } from '../payload.ts'
import { inRounds } from '../rounds.ts'
import type { Peer, Subject } from '../subject.ts'

export const scan: BenchCase = {
  name: 'scan',
  summary: 'everything forwards, payloads parsed and unparsed',
  async *run(context) {
    const log = await context.bigLog(sized(context.scale, { full: 3_000_000, quick: 300_000, tiny: 3000 }))
    yield await parsed(log, context)
    yield await unparsed(log, context)
  },
}

async function parsed(log: BigLog, context: BenchContext): Promise<Row> {
  const texts = Array.from({ length: Math.min(log.events, 300_000) }, (_, index) => JSON.stringify(eventAt(index)))
  const store = await fileStore({ dir: log.dir, access: 'read' })
  const loaded = await loadPeers(context)
  try {
    const { ours, limit, ...peers } = await inRounds(
      {
        limit: async () => parseRate(texts, log.events),
        ours: () =>
          eventsPerSecond(log.events, async () => {
            let sum = 0
            let count = 0
            for await (const { events } of store.read('all')) {
              for (const event of events) {
                sum += (event.data as { amount: number }).amount
                count++
              }
            }
            check(count === log.events && sum === log.amountSum, 'the scan finds every event with its amount')
          }),
        ...Object.fromEntries(loaded.map((peer) => [peer.name, () => scanRate(peer)])),
      },
      context,
    )
    return {
      case: scan.name,
      configuration: 'payloads parsed',
      unit: 'events/s',
      ours: ours!,
      limit: limit!,
      peers,
      targets: [atLeast('2,000,000 events/s', ours!, 2_000_000)],
      conditions: { events: log.events, payloadBytes, clients: 1, sync: 'none', peerEvents: peerEvents(context) },
    }
  } finally {
    await store.close()
    for (const { subject, dir } of loaded) {
      await subject.close()
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

async function unparsed(log: BigLog, context: BenchContext): Promise<Row> {
  const store = await fileStore({ dir: log.dir, access: 'read' })
  try {
    const { ours, limit } = await inRounds(
      {
        limit: () => eventsPerSecond(log.events, async () => check(readWithChecksum(log.dir) > 0, 'there are bytes')),
        ours: () =>
          eventsPerSecond(log.events, async () => {
            let versions = 0
            let last = 0
            for await (const { events } of store.read('all')) {
              for (const event of events) {
                versions += event.version
                if (event.position !== ++last) check(false, 'positions have no gap')
              }
            }
            check(last === log.events && versions === versionSum(log), 'the scan finds every event with its version')
          }),
      },
      context,
    )
    return {
      case: scan.name,
      configuration: 'payloads unparsed',
      unit: 'events/s',
      ours: ours!,
      limit: limit!,
      peers: {},
      targets: [atLeast('10,000,000 events/s', ours!, 10_000_000)],
      conditions: { events: log.events, payloadBytes, clients: 1, sync: 'none' },
    }
  } finally {
    await store.close()
  }
}

/** Checks that the events of every stream are numbered from 1. */
function versionSum({ events }: BigLog): number {
  return (events / eventsPerStream) * ((eventsPerStream * (eventsPerStream + 1)) / 2)
}

interface Loaded {
  readonly name: string
  readonly subject: Subject
  readonly dir: string
  readonly events: number
  readonly amountSum: number
}

function peerEvents({ scale }: BenchContext): number {
  return sized(scale, { full: 200_000, quick: 30_000, tiny: 1000 })
}

async function loadPeers(context: BenchContext): Promise<Loaded[]> {
  const loaded: Loaded[] = []
  for (const peer of context.peers('node:sqlite', 'emmett-sqlite', 'emmett-postgres', 'act-postgres')) {
    loaded.push(await load(peer, peerEvents(context), context))
  }
  return loaded
}

/** One commit per stream: this case measures reading. */
async function load(peer: Peer, events: number, context: BenchContext): Promise<Loaded> {
  context.progress(`writing ${events} events to ${peer.name}`)
  const dir = context.scratch('scan')
  mkdirSync(dir, { recursive: true })
  const subject = await peer.open(dir)
  let amountSum = 0
  for (let stream = 0; stream < events / eventsPerStream; stream++) {
    const payloads = payloadsOf(stream, { from: 1, count: eventsPerStream })
    await subject.append(streamOf(stream), 0, payloads)
    for (const { amount } of payloads) amountSum += amount
  }
  return { name: peer.name, subject, dir, events, amountSum }
}

function scanRate({ name, subject, events, amountSum }: Loaded): Promise<number> {
  return eventsPerSecond(events, async () => {
    let sum = 0
    let count = 0
    await subject.scan(({ amount }) => {
      sum += amount
      count++
    })
    check(count === events && sum === amountSum, `the scan of ${name} finds every event with its amount`)
  })
}

function parseRate(texts: readonly string[], events: number): Promise<number> {
  return eventsPerSecond(events, async () => {
    let sum = 0
    for (let index = 0; index < events; index++) sum += JSON.parse(texts[index % texts.length]!).amount as number
    check(sum > 0, 'the payloads have amounts')
  })
}

async function eventsPerSecond(events: number, act: () => Promise<void>): Promise<number> {
  const begin = performance.now()
  await act()
  return events / ((performance.now() - begin) / 1000)
}

function eventAt(index: number) {
  return payloadOf(Math.floor(index / eventsPerStream), (index % eventsPerStream) + 1)
}
