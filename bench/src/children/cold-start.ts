// Sagas that ended and sagas that are open: `build` makes their log; `start` reports how long a system takes until it drives them, in a fresh process.
import type { NewEvent } from 'indelible'
import { check } from '../check.ts'
import { tell } from '../children.ts'
import { Begin, napSaga, startTimers, untilWaiting } from '../timers.ts'

const [dir, what, endedText, openText, ending] = process.argv.slice(2) as [
  string,
  'build' | 'start',
  string,
  string,
  string,
]
const [ended, open] = [Number(endedText), Number(openText)]
const perCommit = 200
const begin = performance.now()
const running = await startTimers(dir, 0)

if (what === 'build') await build()
await untilWaiting(running, 'sleeps', open)
await tell({ ms: performance.now() - begin })
if (ending === 'killed') await untilKilled()
await running.close()
process.disconnect()

/** The open ones begin as always. Those that ended are written as the runner writes them, many in a commit. */
async function build(): Promise<void> {
  // What ends while it stands still, it takes in at its next start.
  await running.consumers.pause(napSaga)
  await appendEnded(0, ended)
  await running.consumers.resume(napSaga)
  for (let from = 0; from < open; from += perCommit) {
    const ids = Array.from({ length: Math.min(perCommit, open - from) }, (_, n) => from + n)
    await Promise.all(ids.map((n) => running.send(Begin(`open${n}`, {}))))
  }
  const { position } = await running.store.head()
  check(position >= ended * 4 + open, 'the history is there')
}

/** The next start finds what nothing was kept of. */
async function untilKilled(): Promise<never> {
  const { position } = await running.store.head()
  await appendEnded(position, position + Math.min(ended, 4_000))
  await tell({ killed: 1 })
  return await new Promise(() => {})
}

async function appendEnded(first: number, end: number): Promise<void> {
  for (let from = first; from < end; from += perCommit) {
    const ids = Array.from({ length: Math.min(perCommit, end - from) }, (_, n) => from + n)
    await running.store.append({ events: ids.flatMap(historyOf) }, { reserved: true })
  }
}

function historyOf(n: number): NewEvent[] {
  const stream = `$saga.nap-ended${n}` as const
  const startedBy = {
    eventId: `e${n}`,
    type: 'Begun',
    position: 0,
    schemaVersion: 1,
    correlationId: `c${n}`,
    validAt: null,
  }
  const until = '2026-01-01T00:00:00.000Z'
  return [
    { stream, type: '$SagaStarted', data: { saga: 'nap', version: 1, input: {}, startedBy } },
    { stream, type: '$SleepBegan', data: { step: 'rest', until } },
    { stream, type: '$SleepEnded', data: { step: 'rest' } },
    { stream, type: '$SagaCompleted', data: {} },
  ]
}
