// A bank whose transfers are sagas, without tables: the system of the saga benchmarks.
import { join } from 'node:path'
import { postgresStorage } from '@indelible/postgres'
import {
  aggregate,
  defineSystem,
  event,
  type RunningSystem,
  refuse,
  type StartOptions,
  saga,
  startSystem,
} from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { z } from 'zod'

const money = z.object({ amount: z.int() })
const Deposited = event('Deposited', money)
const Withdrawn = event('Withdrawn', money)
const account = aggregate('account', { initialState: { balance: 0 } })
  .on(Deposited, ({ balance }, { amount }) => ({ balance: balance + amount }))
  .on(Withdrawn, ({ balance }, { amount }) => ({ balance: balance - amount }))
export const Deposit = account.command('Deposit', {
  input: money,
  emits: [Deposited],
  decide: (_state, input) => Deposited(input),
})
export const Withdraw = account.command('Withdraw', {
  input: money,
  emits: [Withdrawn],
  refuses: ['InsufficientFunds'],
  decide: ({ balance }, input) => (balance < input.amount ? refuse('InsufficientFunds') : Withdrawn(input)),
})

const order = z.object({ from: z.string(), to: z.string(), amount: z.int() })
const TransferRequested = event('TransferRequested', order)
const transfer = aggregate('transfer', { initialState: null }).on(TransferRequested, () => null)
export const RequestTransfer = transfer.command('RequestTransfer', {
  input: order,
  emits: [TransferRequested],
  decide: (_state, input) => TransferRequested(input),
})

export const transferSaga = saga('transfer', { startsOn: TransferRequested })
  .step('withdraw', {
    command: Withdraw,
    to: ({ from }) => from,
    input: ({ amount }) => ({ amount }),
    compensate: { command: Deposit, to: ({ from }) => from, input: ({ amount }) => ({ amount }) },
  })
  .step('deposit', { command: Deposit, to: ({ to }) => to, input: ({ amount }) => ({ amount }) })

const system = defineSystem({
  name: 'transfers',
  commands: [Deposit, Withdraw, RequestTransfer],
  sagas: [transferSaga],
})

export async function startTransfers(dir: string, options: Pick<StartOptions, 'audit'> = {}): Promise<RunningSystem> {
  const { store, ...storage } = fileStorage({ dataDir: join(dir, 'data'), mode: 'run' })
  return startSystem(system, {
    ...storage,
    ...options,
    store: await store(),
    tables: memoryTables(),
    domainCode: 'trusted',
  })
}

/** The same on a Postgres server, as one of the processes that share it. */
export async function startSharedTransfers(connectionString: string): Promise<RunningSystem> {
  const { store, ...storage } = postgresStorage({ connectionString, mode: 'run' })
  return startSystem(system, { ...storage, store: await store(), tables: memoryTables(), domainCode: 'trusted' })
}

export interface Transfer {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amount: number
}

export const accounts = 100
export const openingBalance = 1_000_000_000

export function transferOf(n: number): Transfer {
  return { id: `t${n}`, from: `${n % accounts}`, to: `${(n * 7 + 1) % accounts}`, amount: 1 + (n % 7) }
}

export async function openAccounts(running: RunningSystem): Promise<void> {
  for (let n = 0; n < accounts; n++)
    await running.send(Deposit(`${n}`, { amount: openingBalance }), { commandId: `open:${n}` })
}

/** No money appeared or was lost. */
export async function totalIn(store: RunningSystem['store']): Promise<number> {
  let total = 0
  const kinds: Record<string, number> = { Deposited: 1, Withdrawn: -1 }
  for await (const { events } of store.read([{ types: Object.keys(kinds) }]))
    for (const { type, data } of events) total += kinds[type]! * (data as { amount: number }).amount
  return total
}

/** The ends of transfers. */
export const transferEnds = [
  { categories: [`$saga.${transferSaga.name}`], types: ['$SagaCompleted', '$SagaCompensated'] },
] as const
