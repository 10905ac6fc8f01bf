// A program that takes hold of clocks, and sets a fake one, before the guard is there.
import FakeTimers from '@sinonjs/fake-timers'

const monotonic = performance.now.bind(performance)
const random = Math.random
const realNow = Date.now
const clock = FakeTimers.install({ now: 5 })
const { decideWith, refusedCall } = await import('./domain.ts')

const whileFake = [refusedCall(() => Date.now()), refusedCall(() => setTimeout(() => {}, 0)), Date.now()]
clock.uninstall()
const afterwards = [refusedCall(() => Date.now()), refusedCall(() => setTimeout(() => {}, 0)), Date.now() > 5]
const hidden = [refusedCall(() => monotonic()), refusedCall(() => random())]
// Within the same millisecond, a clock of milliseconds answers the same.
const unseen = decideWith(() => Math.floor(realNow() / 1e9)) === String(Math.floor(realNow() / 1e9))
console.log(JSON.stringify({ whileFake, afterwards, hidden, unseen }))
