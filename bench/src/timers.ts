// A system whose sagas and scheduled commands wait for a time, on the embedded log, at a clock that the benchmark sets.
import { join } from 'node:path'
import { aggregate, type Clock, defineSystem, event, type RunningSystem, saga, startSystem } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { z } from 'zod'

const amount = z.object({ amount: z.int() })
const Counted = event('Counted', amount)
const counter = aggregate('counter', { initialState: { total: 0 } }).on(Counted, ({ total }, { amount }) => ({
  total: total + amount,
}))
const Count = counter.command('Count', {
  input: amount,
  emits: [Counted],
  decide: (_state, input) => Counted(input),
})

const Begun = event('Begun', z.object({}))
const nap = aggregate('nap', { initialState: null }).on(Begun, () => null)
export const Begin = nap.command('Begin', { input: z.object({}), emits: [Begun], decide: () => Begun({}) })

/** One turn of it arms a timer, and one fires it. */
export const napSaga = saga('nap', { startsOn: Begun }).sleep('rest', { for: '30d' })

export const sleepMs = 30 * 86_400_000

const system = defineSystem({ name: 'timers', commands: [Count, Begin], sagas: [napSaga] })

/** `laterMs`: how much later than the clock of the machine it is. */
export async function startTimers(dir: string, laterMs: number): Promise<RunningSystem> {
  const clock: Clock = { now: () => Date.now() + laterMs }
  const { store, ...storage } = fileStorage({ dataDir: join(dir, 'data'), mode: 'run' })
  return startSystem(system, { ...storage, store: await store(), tables: memoryTables(), clock, domainCode: 'trusted' })
}

export const kinds = {
  /** Sagas that sleep. */
  sleeps: { consumer: 'nap', category: '$saga.nap' },
  /** Scheduled commands. */
  commands: { consumer: '$schedule', category: '$schedule' },
} as const

export type Kind = keyof typeof kinds

/** Counters that scheduled commands are for. */
export const counters = 1_000

/** Resolves when a kind of timers has so many pending, and nothing is under way. */
export async function untilWaiting(running: RunningSystem, kind: Kind, count: number): Promise<void> {
  for (;;) {
    const status = await running.consumers.show({ name: kinds[kind].consumer })
    if (status.kind === 'saga' && status.state === 'running' && status.active === 0 && status.waiting === count) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
