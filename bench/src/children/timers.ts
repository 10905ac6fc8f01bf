// Timers in a fresh process: `arm` makes them pending; `hold` holds them and reports the memory; `fire` is so much later that all are due.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { NewEvent } from 'indelible'
import { check } from '../check.ts'
import { peakRssKiB, rssKiB, tell } from '../children.ts'
import { counters, type Kind, kinds, sleepMs, startTimers, untilWaiting } from '../timers.ts'

const [dir, kind, what, countText] = process.argv.slice(2) as [string, Kind, 'arm' | 'hold' | 'fire', string]
const count = Number(countText)
const perCommit = 200
const begin = performance.now()
const running = await startTimers(dir, what === 'fire' ? 2 * sleepMs : 0)

if (what === 'arm') {
  await arm()
  await untilWaiting(running, kind, count)
} else if (what === 'hold') {
  await untilWaiting(running, kind, count)
} else {
  await fired()
}
const ms = performance.now() - begin
const peakKiB = peakRssKiB()
await collected()
await tell({ ms, rssKiB: rssKiB(), peakKiB })
if (what === 'fire') await checkFired()
await running.close()
await tell({ closed: 1 })
process.disconnect()

/** Written as the runner and `schedule` write them, many in a commit. The runner takes them up as what others did while it stood still. */
async function arm(): Promise<void> {
  await running.consumers.pause({ name: kinds[kind].consumer })
  const until = new Date(Date.now() + sleepMs).toISOString()
  for (let from = 0; from < count; from += perCommit) {
    const numbers = Array.from({ length: Math.min(perCommit, count - from) }, (_, n) => from + n)
    await running.store.append({ events: numbers.flatMap((n) => historyOf(n, until)) }, { reserved: true })
  }
  await running.consumers.resume({ name: kinds[kind].consumer })
}

function historyOf(n: number, until: string): NewEvent[] {
  const stream = `${kinds[kind].category}-t${n}` as const
  const command = { type: 'Count', category: 'counter', id: `${n % counters}`, input: { amount: 1 } }
  const [saga, type, input] =
    kind === 'commands'
      ? ['$schedule', '$CommandScheduled', { command, at: until, in: '30d', actor: null }]
      : ['nap', 'Begun', {}]
  const startedBy = { eventId: `e${n}`, type, position: 0, schemaVersion: 1, correlationId: `c${n}`, validAt: null }
  return [
    { stream, type: '$SagaStarted', data: { saga, version: 1, input, startedBy } },
    { stream, type: '$SleepBegan', data: { step: kind === 'commands' ? 'wait' : 'rest', until } },
  ]
}

/** Every timer has ended its saga once. */
async function fired(): Promise<void> {
  const { category } = kinds[kind]
  const query = [{ categories: [category], types: ['$SagaCompleted'] }]
  let seen = 0
  const stop = new AbortController()
  for await (const { events } of running.store.subscribe(query, { after: 0, signal: stop.signal })) {
    seen += events.length
    if (seen >= count) break
  }
  stop.abort()
  check(seen === count, `${count} timers fired once each, not ${seen}`)
}

async function checkFired(): Promise<void> {
  const ended = new Set<string>()
  const query = [{ categories: [kinds[kind].category], types: ['$SleepEnded'] }]
  let events = 0
  for await (const batch of running.store.read(query)) {
    for (const { stream } of batch.events) ended.add(stream)
    events += batch.events.length
  }
  check(ended.size === count && events === count, 'each timer fired once')
  if (kind === 'sleeps') return
  let total = 0
  for await (const batch of running.store.read([{ types: ['Counted'] }])) {
    for (const { data } of batch.events) total += (data as { amount: number }).amount
  }
  check(total === count, 'each command was carried out once')
}

async function collected(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) {
    gc()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
