// Writes a log for the tests, in this process or, run by Node (`append.ts DATA COUNT PAUSE_MS`), in another process that writes while they read.
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { NewEvent } from 'indelible'
import { fileStore } from 'indelible/file'

/** Opens account-1 and account-2, with two deposits and a withdrawal: six events in six commits. */
export async function appendHistory(dataDir: string): Promise<void> {
  await append(dataDir, [
    { stream: 'account-1', type: 'AccountOpened', data: { owner: 'ann' }, tags: ['owner:ann'] },
    { stream: 'account-1', type: 'FundsDeposited', data: { amount: 100 }, tags: ['owner:ann', 'cash'] },
    { stream: 'account-2', type: 'AccountOpened', data: { owner: 'bob' }, tags: ['owner:bob'] },
    { stream: 'account-1', type: 'FundsWithdrawn', data: { amount: 30 }, validAt: '2020-01-01' },
    { stream: 'parcel-7', type: 'ParcelSent', data: { to: 'Zürich' } },
    { stream: 'account-2', type: 'FundsDeposited', data: { amount: 5 }, tags: ['owner:bob', 'cash'] },
  ])
}

export async function append(dataDir: string, events: readonly NewEvent[], pauseMs = 0): Promise<void> {
  const store = await fileStore({ dir: join(dataDir, 'log'), access: 'write' })
  for (const event of events) {
    await store.append({ events: [event] })
    if (pauseMs > 0) await pause(pauseMs)
  }
  await store.close()
}

/** Two events of a saga. */
export async function appendReserved(dataDir: string): Promise<void> {
  const store = await fileStore({ dir: join(dataDir, 'log') })
  const stream = '$saga.move-1'
  const events = [
    { stream, type: '$SagaStarted', data: {} },
    { stream, type: '$StepDone', data: {}, tags: ['cash'] },
  ] as const
  await store.append({ events }, { reserved: true })
  await store.close()
}

/** Eight events in four segments, the first three of them sealed and indexed. */
export async function appendSegments(dataDir: string): Promise<void> {
  const store = await fileStore({ dir: join(dataDir, 'log'), limits: { segmentEventsMax: 2 } })
  for (let amount = 1; amount <= 8; amount++) {
    await store.append({ events: [{ stream: 'account-1', type: 'FundsDeposited', data: { amount } }] })
  }
  await store.close()
}

if (import.meta.main) {
  const [dataDir, count, pauseMs] = process.argv.slice(2)
  const events = Array.from({ length: Number(count) }, (_, index): NewEvent => {
    return { stream: 'account-1', type: 'FundsDeposited', data: { amount: index + 1 } }
  })
  await append(dataDir!, events, Number(pauseMs))
}
