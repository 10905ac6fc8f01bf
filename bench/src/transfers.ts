// A bank whose transfers are sagas, on the embedded log, without tables: the system of the saga benchmarks.
import { join } from 'node:path'
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
