// A small domain for the tests of the runtime: tills that hold cash, and moves of cash between two of them.
import {
  aggregate,
  bigint,
  defineSystem,
  event,
  projection,
  refuse,
  type SystemParts,
  saga,
  startSystem,
  text,
} from 'indelible'
import { memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { z } from 'zod'

const amount = z.int().positive()
export const CashPaidIn = event('CashPaidIn', z.object({ amount }))
export const CashTaken = event('CashTaken', z.object({ amount }))
export const MoveAsked = event('MoveAsked', z.object({ from: z.string(), to: z.string(), amount }))

export const till = aggregate('till', {
  initialState: { cash: 0 },
  events: [CashPaidIn, CashTaken],
  evolve: {
    CashPaidIn: (state, { amount }) => ({ cash: state.cash + amount }),
    CashTaken: (state, { amount }) => ({ cash: state.cash - amount }),
  },
})

export const PayIn = till.command('PayIn', {
  input: z.object({ amount }),
  decide: (_state, { amount }, { id }) => (id.startsWith('closed') ? refuse('Closed') : CashPaidIn({ amount })),
})

export const Take = till.command('Take', {
  input: z.object({ amount }),
  decide: ({ cash }, { amount }) => (cash < amount ? refuse('TooLittle', { cash }) : CashTaken({ amount })),
})

export const Nothing = till.command('Nothing', { input: z.object({}), decide: () => [] })

export const move = aggregate('move', {
  initialState: {},
  events: [MoveAsked],
  evolve: { MoveAsked: (state) => state },
})

export const AskMove = move.command('AskMove', {
  input: MoveAsked.schema,
  decide: (_state, data) => MoveAsked(data),
})

export const moveSaga = saga('move', {
  startsOn: MoveAsked,
  steps: [
    {
      name: 'take',
      send: ({ from, amount }) => Take(from, { amount }),
      undo: ({ from, amount }) => PayIn(from, { amount }),
    },
    { name: 'payIn', send: ({ to, amount }) => PayIn(to, { amount }), timeout: '1m' },
  ],
})

export const tillTable = projection('tills', {
  table: { till: text().key(), cash: bigint() },
  staleness: { targetMs: 50 },
  events: [CashPaidIn],
  on: { CashPaidIn: (event) => ({ till: event.streamId, cash: event.data.amount }) },
})

export const tills = defineSystem({
  name: 'tills',
  commands: [PayIn, Take, Nothing, AskMove],
  projections: [tillTable],
  sagas: [moveSaga],
})

export function parts(overrides: Partial<SystemParts> = {}): SystemParts {
  return { store: memoryStore(), tables: memoryTables(), snapshots: memorySnapshots(), ...overrides }
}

export function startTills(overrides: Partial<SystemParts> = {}) {
  return startSystem(tills, parts(overrides))
}
