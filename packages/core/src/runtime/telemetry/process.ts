// What the process itself shows: memory, and how late its event loop is.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { instruments } from './instruments.ts'
import type { Observation, Observer } from './ports.ts'

const { memoryUsage, heapUsed, eventLoopDelayP99, eventLoopDelayMax } = instruments

/** The delay is watched from the first look on. */
export function processObserver(): Observer {
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined
  return {
    instruments: [memoryUsage, heapUsed, eventLoopDelayP99, eventLoopDelayMax],
    async read() {
      const memory = process.memoryUsage()
      const found: Observation[] = [
        { instrument: memoryUsage, value: memory.rss, attributes: {} },
        { instrument: heapUsed, value: memory.heapUsed, attributes: {} },
      ]
      if (delay && delay.count > 0) {
        found.push(
          { instrument: eventLoopDelayP99, value: lateness(delay.percentile(99)), attributes: {} },
          { instrument: eventLoopDelayMax, value: lateness(delay.max), attributes: {} },
        )
        delay.reset()
      }
      if (!delay) {
        delay = monitorEventLoopDelay({ resolution: resolutionMs })
        delay.enable()
      }
      return found
    },
  }
}

/** The histogram has the whole time between two turns of its timer, in nanoseconds. */
function lateness(betweenNs: number): number {
  return Math.max(0, betweenNs / 1e9 - resolutionMs / 1000)
}

const resolutionMs = 10
