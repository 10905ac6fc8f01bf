// A running bank: its log is written here, its projections run on their own thread and fill a table on a Postgres server.
import { postgresStorage, postgresTables } from '@indelible/postgres'
import { projectionThread, type RunningSystem, startSystem } from 'indelible'
import { fileStore } from 'indelible/file'
import { memorySnapshots } from 'indelible/memory'
import { bank } from './bank.ts'

export async function startBank(dir: string, connectionString: string): Promise<RunningSystem> {
  return startSystem(bank, {
    store: await fileStore({ dir }),
    tables: await postgresTables({ connectionString }),
    snapshots: memorySnapshots(),
    domainCode: 'trusted',
    projections: projectionThread(new URL('./children/projections.ts', import.meta.url), {
      workerData: { dir, connectionString },
    }),
  })
}

/** The same with its log on that server, as one of the processes that may share it. */
export async function startPostgresBank(connectionString: string): Promise<RunningSystem> {
  const { store, ...storage } = postgresStorage({ connectionString, mode: 'run' })
  const tables = await postgresTables({ connectionString })
  return startSystem(bank, { ...storage, store: await store(), tables, domainCode: 'trusted' })
}

/** Calls at a steady rate, however long each takes: a thousand per second are one each millisecond. Resolves when all have ended. */
export async function atPace(perSecond: number, seconds: number, call: (n: number) => Promise<void>): Promise<void> {
  const calls: Promise<void>[] = []
  const begin = performance.now()
  const count = perSecond * seconds
  while (calls.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - begin) / 1000) * perSecond))
    while (calls.length < due) calls.push(call(calls.length))
    await new Promise((resolve) => setTimeout(resolve, 0.5))
  }
  await Promise.all(calls)
}

/** The value that this share of them does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!
}
