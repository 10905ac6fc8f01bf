// Test files share processes, so that a fake clock that one leaves behind would stop the timers of those that follow it.
import { installGuard } from '../packages/core/src/runtime/guard/index.ts'

// The determinism guard puts its own functions there once, for all files. Here it does so before the clock is noted.
installGuard()
const now = { setTimeout, clearTimeout, setInterval, setImmediate, Date, performanceNow: performance.now }
const kept = globalThis as { testClock?: typeof now }
kept.testClock ??= now
for (const [name, real] of Object.entries(kept.testClock)) {
  if (now[name as keyof typeof now] === real) continue
  throw new Error(
    `A test file that ran before this one in the same process left its own ${name} behind. It must put back the real one.`,
  )
}
