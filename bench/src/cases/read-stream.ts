// Reads streams of ten events out of millions, as every command does: a few of them repeatedly, and each one once.
import { mkdirSync, rmSync } from 'node:fs'
import { fileStore } from 'indelible/file'
import { checkBuiltStream, eventsPerStream } from '../big-log.ts'
import { atLeast, type BenchCase, type BenchContext, type BigLog, type Row, sized } from '../case.ts'
import { type ClosedLoop, closedLoop } from '../closed-loop.ts'
import { randomReadLimit } from '../limits.ts'
import { subjectOf } from '../ours.ts'
import { payloadBytes, payloadsOf, recordBytes, streamOf } from '../payload.ts'
import { inRounds } from '../rounds.ts'
import type { Peer, Subject } from '../subject.ts'

const clients = 16
const workingSet = 1000
/** By then a slow store has shown its rate. */
const coldMsMax = 20_000

export const readStream: BenchCase = {
  name: 'read-stream',
  summary: 'streams of ten events out of ten million, from a small working set (warm) and each once (cold)',
  async *run(context) {
    const log = await context.bigLog(sized(context.scale, { full: 10_000_000, quick: 300_000, tiny: 10_000 }))
    const libraries = [ours(log), ...(await Array.fromAsync(loadedPeers(context)))]
    try {
      yield await warm(libraries, log, context)
      yield await cold(libraries, log, context)
    } finally {
      for (const { remove } of libraries) remove()
    }
  },
}

/** A store that has streams to read. */
interface Library {
  readonly name: string
  readonly streams: number
  open(): Promise<Subject>
  remove(): void
}

function ours(log: BigLog): Library {
  return {
    name: 'ours',
    streams: log.streams,
    open: async () => subjectOf(await fileStore({ dir: log.dir, access: 'read' })),
    remove: () => {},
  }
}

async function* loadedPeers(context: BenchContext): AsyncGenerator<Library> {
  const streams = peerStreams(context)
  for (const peer of context.peers('node:sqlite')) yield await loaded(peer, streams, context)
}

function peerStreams({ scale }: BenchContext): number {
  return sized(scale, { full: 100_000, quick: 10_000, tiny: 1000 })
}

/** One commit per stream, which stores its events side by side: easier to read than the layout that our store gets. */
async function loaded(peer: Peer, streams: number, context: BenchContext): Promise<Library> {
  context.progress(`writing ${streams} streams to ${peer.name}`)
  const dir = context.scratch('read')
  mkdirSync(dir, { recursive: true })
  const subject = await peer.open(dir)
  for (let stream = 0; stream < streams; stream++) {
    await subject.append(streamOf(stream), 0, payloadsOf(stream, { from: 1, count: eventsPerStream }))
  }
  await subject.close()
  return {
    name: peer.name,
    streams,
    open: () => peer.open(dir),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}

async function warm(libraries: readonly Library[], log: BigLog, context: BenchContext): Promise<Row> {
  const measureMs = sized(context.scale, { full: 4000, quick: 1500, tiny: 100 })
  const loop = { clients, warmupMs: measureMs / 4, measureMs, actsPerLook: 64 }
  const figures = await inRounds(
    {
      limit: async () => eventsPerStream * randomReadLimit(log.dir, { ...piece(context), places: workingSet }),
      ...Object.fromEntries(libraries.map((library) => [library.name, () => again(library, loop)])),
    },
    context,
  )
  return row({ configuration: 'warm', target: 500_000, figures, log, context })
}

async function again({ streams, open }: Library, loop: ClosedLoop): Promise<number> {
  const subject = await open()
  const set = shuffled(streams).slice(0, workingSet)
  try {
    const { rate } = await closedLoop(loop, async (client, turn) => {
      const stream = set[(turn * clients + client) % set.length]!
      checkBuiltStream(stream, await subject.readStream(streamOf(stream)))
    })
    return rate * eventsPerStream
  } finally {
    await subject.close()
  }
}

async function cold(libraries: readonly Library[], log: BigLog, context: BenchContext): Promise<Row> {
  const figures = await inRounds(
    {
      limit: async () =>
        eventsPerStream * randomReadLimit(log.dir, { ...piece(context), places: piece(context).pieces }),
      ...Object.fromEntries(libraries.map((library) => [library.name, () => eachOnce(library, context)])),
    },
    context,
  )
  return row({ configuration: 'cold', target: 200_000, figures, log, context })
}

/** Reads streams in random order, of a store that was just opened, until the limit is reached. */
async function eachOnce({ streams, open }: Library, { scale }: BenchContext): Promise<number> {
  const subject = await open()
  const order = shuffled(streams).subarray(0, sized(scale, { full: 100_000, quick: 30_000, tiny: 500 }))
  const deadline = performance.now() + coldMsMax
  let next = 0
  const client = async () => {
    while (next < order.length && performance.now() < deadline) {
      const stream = order[next++]!
      checkBuiltStream(stream, await subject.readStream(streamOf(stream)))
    }
  }
  try {
    const begin = performance.now()
    await Promise.all(Array.from({ length: clients }, client))
    return (next * eventsPerStream) / ((performance.now() - begin) / 1000)
  } finally {
    await subject.close()
  }
}

function piece({ scale }: BenchContext): { pieceBytes: number; pieces: number } {
  return {
    pieceBytes: recordBytes * eventsPerStream,
    pieces: sized(scale, { full: 500_000, quick: 100_000, tiny: 1000 }),
  }
}

function shuffled(count: number): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, index) => index)
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1))
    const kept = numbers[index]!
    numbers[index] = numbers[other]!
    numbers[other] = kept
  }
  return numbers
}

interface Measured {
  readonly configuration: string
  readonly target: number
  readonly figures: Readonly<Record<string, number>>
  readonly log: BigLog
  readonly context: BenchContext
}

function row({ configuration, target, figures, log, context }: Measured): Row {
  const { limit, ours: rate, ...peers } = figures
  return {
    case: readStream.name,
    configuration,
    unit: 'events/s',
    ours: rate!,
    limit: limit!,
    peers,
    targets: [atLeast(`${target.toLocaleString('en-US')} events/s`, rate!, target)],
    conditions: {
      events: log.events,
      streams: log.streams,
      payloadBytes,
      clients,
      sync: 'none',
      pageCache: 'as the run left it',
      peerStreams: peerStreams(context),
    },
  }
}
