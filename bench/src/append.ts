// What the append cases share: clients that each append to their own stream, and the check that every acknowledged event is there.
import { mkdirSync, rmSync } from 'node:fs'
import type { BenchContext } from './case.ts'
import { check } from './check.ts'
import { type ClosedLoop, closedLoop } from './closed-loop.ts'
import { checkPayload, payloadOf, payloadsOf, streamOf } from './payload.ts'
import type { Contestants } from './rounds.ts'
import type { Peer, Subject } from './subject.ts'

export interface AppendLoad {
  readonly loop: ClosedLoop
  readonly eventsPerCommit: number
}

/** Events per second of each store, each time in an empty one. */
export function appenders(stores: readonly Peer[], load: AppendLoad, context: BenchContext): Contestants {
  return Object.fromEntries(stores.map((store) => [store.name, () => measureAppends(store, load, context)]))
}

async function measureAppends(store: Peer, load: AppendLoad, context: BenchContext): Promise<number> {
  const dir = context.scratch('append')
  mkdirSync(dir, { recursive: true })
  const subject = await store.open(dir)
  try {
    const streams = Array.from({ length: load.loop.clients }, (_, client) => streamOf(client))
    const { rate, turns } = await closedLoop(load.loop, (client, turn) =>
      subject.append(streams[client]!, turn * load.eventsPerCommit, payloadsFor(client, turn, load.eventsPerCommit)),
    )
    await checkAppends(subject, { turns, eventsPerCommit: load.eventsPerCommit, name: store.name })
    return rate * load.eventsPerCommit
  } finally {
    await subject.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

function payloadsFor(client: number, turn: number, count: number) {
  return count === 1 ? [payloadOf(client, turn + 1)] : payloadsOf(client, { from: turn * count + 1, count })
}

/** Checks the number of all events, every event of some streams, and that a stale version is refused. */
async function checkAppends(
  subject: Subject,
  { turns, eventsPerCommit, name }: { turns: Uint32Array; eventsPerCommit: number; name: string },
): Promise<void> {
  const events = turns.reduce((sum, count) => sum + count, 0) * eventsPerCommit
  check((await subject.count()) === events, `${name} has all of the ${events} events that it acknowledged`)
  const step = Math.ceil(turns.length / streamsChecked)
  for (let client = 0; client < turns.length; client += step) {
    const found = await subject.readStream(streamOf(client))
    check(found.length === turns[client]! * eventsPerCommit, `${name} has all events of client ${client}`)
    for (const [index, payload] of found.entries()) checkPayload(payload, { stream: client, version: index + 1 })
  }
  const refused = await subject.append(streamOf(0), 0, [payloadOf(0, 1)]).then(
    () => false,
    () => true,
  )
  check(refused && (await subject.count()) === events, `${name} refuses an append with a stale version`)
}

const streamsChecked = 16
