// Timers in a fresh process: `arm` makes them pending; `hold` holds them and reports the memory; `fire` is so much later that all are due.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { check } from '../check.ts'
import { peakRssKiB, rssKiB, tell } from '../children.ts'
import { Begin, Count, counters, type Kind, kinds, sleepMs, startTimers, untilWaiting } from '../timers.ts'

const [dir, kind, what, countText] = process.argv.slice(2) as [string, Kind, 'arm' | 'hold' | 'fire', string]
const count = Number(countText)
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

async function arm(): Promise<void> {
  const clients = 1_024
  let asked = 0
  const client = async () => {
    while (asked < count) {
      const n = asked++
      if (kind === 'commands')
        await running.schedule(Count(`${n % counters}`, { amount: 1 }), { id: `s${n}`, in: '30d' })
      else await running.send(Begin(`n${n}`, {}))
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
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
