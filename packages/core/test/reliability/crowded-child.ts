// A process that may open only a few files: it reads a log of more files than that, then uses up all descriptors while it appends, then closes them.
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileStore } from '../../src/file/event-store.ts'
import type { StoreHealth } from '../../src/store/port.ts'

export interface Crowded {
  /** The outcomes of appends after everything was read, while there were no descriptors, and after there were some again. */
  readonly appends: Readonly<Record<'read' | 'crowded' | 'again', readonly string[]>>
  readonly healthWhenCrowded: StoreHealth
  readonly healthAfterwards: StoreHealth
  readonly events: number
}

const segments = 60
const limits = { segmentEventsMax: 2, indexRetryMs: 20, writeProbeMs: 0, columnsShareMax: 0 }
const dir = process.argv[2]!
const store = await fileStore({ dir, limits })
let serial = 0

async function append(): Promise<string> {
  const commandId = `c-${serial++}`
  const events = [{ stream: `thing-${serial}`, type: 'Happened', data: serial }] as const
  return await store.append({ events, commandId }).then(
    ({ status }) => status,
    ({ code }) => code,
  )
}

async function appends(count: number): Promise<string[]> {
  const results: string[] = []
  for (let n = 0; n < count; n++) results.push(await append())
  return results
}

/** Until there are no more. */
function descriptors(): number[] {
  const taken: number[] = []
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'))
    } catch {
      return taken
    }
  }
}

await appends(2 * segments)
for (let n = 1; n <= 2 * segments; n++) await Array.fromAsync(store.read([{ streams: [`thing-${n}`] }]))
// One more fits into the last segment.
const read = await appends(7)
// The thread that makes indexes has files open while it works, and would release descriptors later.
while (!existsSync(join(dir, `${String(segments + 3).padStart(8, '0')}.idx`))) await pause(5)
await pause(100)
const taken = descriptors()
const crowded = await appends(6)
const healthWhenCrowded = await store.health()
for (const fd of taken) closeSync(fd)
const healthAfterwards = await store.health()
const again = await appends(6)
let events = 0
for await (const batch of store.read('all')) events += batch.events.length
await store.close()
const told: Crowded = { appends: { read, crowded, again }, healthWhenCrowded, healthAfterwards, events }
console.log(JSON.stringify(told))
