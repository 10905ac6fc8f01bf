// A reader in its own process or thread that follows a log, and reports what that cost.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { fileStore } from '../../src/file/event-store.ts'
import { type Disk, nodeDisk } from '../../src/log/disk/disk.ts'

/** What a follower is asked for, and what it answers. */
export type Question = 'state' | 'idle' | 'end'
export interface State {
  readonly seen: number
  /** The first event that was out of order. */
  readonly wrong: string | undefined
  /** In ms, from just before the append until the event was seen. */
  readonly latencies: readonly number[]
  /** The memory after a garbage collection. */
  readonly heldBytes: number
}
export interface Idle {
  readonly cpuMs: number
  readonly looks: number
}

const dir = (workerData as string | null) ?? process.argv[2]!
const say = (message: unknown) => (parentPort ? parentPort.postMessage(message) : process.send!(message))
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

let looks = 0
/** Each look at the log lists its directory. */
const disk: Disk = {
  ...nodeDisk,
  list(dir) {
    looks++
    return nodeDisk.list(dir)
  },
}
const small = 128 * 1024
const limits = { frameCacheBytesMax: small, recordCacheBytesMax: small, indexCacheBytesMax: small }
const store = await fileStore({ dir, disk, access: 'read', limits })
let seen = 0
let wrong: string | undefined
let latencies: number[] = []

const answer = async (question: Question) => {
  if (question === 'end') return await store.close().then(() => process.exit(0))
  if (question === 'idle') {
    const [cpuBefore, looksBefore] = [cpuMs(), looks]
    await new Promise((resolve) => setTimeout(resolve, 2000))
    return say({ cpuMs: cpuMs() - cpuBefore, looks: looks - looksBefore } satisfies Idle)
  }
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  say({ seen, wrong, latencies, heldBytes: heapUsed + arrayBuffers } satisfies State)
  latencies = []
}
if (parentPort) parentPort.on('message', answer)
else process.on('message', (question: Question) => void answer(question))
say('open')

for await (const { events } of store.subscribe('all', { after: 0, signal: new AbortController().signal })) {
  const now = performance.timeOrigin + performance.now()
  for (const { position, version, stream, data } of events) {
    const { n, sentMs } = data as { n: number; sentMs?: number }
    seen++
    if (position !== seen || n !== seen) wrong ??= `position ${position} (${stream} ${version}) is seen as ${seen}`
    if (sentMs !== undefined) latencies.push(now - sentMs)
  }
}

/** Of the thread, or of the process, which has almost no other. */
function cpuMs(): number {
  const { user, system } = parentPort ? process.threadCpuUsage() : process.cpuUsage()
  return (user + system) / 1000
}
