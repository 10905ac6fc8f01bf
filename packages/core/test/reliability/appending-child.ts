// A process that appends without end and prints what was acknowledged, until it is killed.
import { writeSync } from 'node:fs'
import { fileStore } from '../../src/file/event-store.ts'
import type { EventStore } from '../../src/store/port.ts'
import { killedLimits } from './killed.ts'

const [dir, round] = process.argv.slice(2) as [string, string]
const clients = 8
let serial = 0

say('started')
for (;;) {
  const store = await fileStore({ dir, limits: killedLimits })
  say('open')
  // It closes and opens now and then, to be killed at such a moment too.
  const until = serial + 40 + Math.floor(Math.random() * 400)
  await Promise.all(Array.from({ length: clients }, (_, client) => run(store, client, until)))
  await store.close()
}

async function run(store: EventStore, client: number, until: number): Promise<void> {
  while (serial < until) {
    const c = `r${round}-${serial++}`
    const n = 1 + (serial % 3)
    const events = Array.from({ length: n }, (_, i) => ({
      stream: i === 0 ? (`own-${client}` as const) : ('shared-1' as const),
      type: 'Happened',
      data: { c, i, n, text: 'x'.repeat(Math.floor(Math.random() * 300)) },
      tags: [`client:${client}`],
    }))
    const outcome = await store.append({ events, commandId: c })
    if (outcome.status !== 'written') throw new Error(`${c}: ${outcome.status}`)
    say(`${c} ${outcome.firstPosition} ${outcome.lastPosition}`)
  }
}

/** What is in the pipe outlives the process. */
function say(line: string): void {
  let bytes = Buffer.from(`${line}\n`)
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}
