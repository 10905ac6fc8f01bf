// A small domain for the tests of the runtime: tills that hold cash, and moves of cash between two of them.
import {
  aggregate,
  bigint,
  defineSystem,
  event,
  type ProjectionStatus,
  projection,
  type RunningSystem,
  refusal,
  refuse,
  type SagaRunnerStatus,
  type SystemOptions,
  saga,
  startSystem,
  text,
} from 'indelible'
import { memoryConsumers, memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { z } from 'zod'

const amount = z.int().positive()
export const CashPaidIn = event('CashPaidIn', z.object({ amount }))
export const CashTaken = event('CashTaken', z.object({ amount }))
export const MoveAsked = event('MoveAsked', z.object({ from: z.string(), to: z.string(), amount }))

export const till = aggregate('till', { initialState: { cash: 0 } })
  .on(CashPaidIn, (state, { amount }) => ({ cash: state.cash + amount }))
  .on(CashTaken, (state, { amount }) => ({ cash: state.cash - amount }))

export const PayIn = till.command('PayIn', {
  input: z.object({ amount }),
  emits: [CashPaidIn],
  refuses: ['Closed'],
  decide: (_state, { amount }, { id }) => (id.startsWith('closed') ? refuse('Closed') : CashPaidIn({ amount })),
})

export const TooLittle = refusal('TooLittle', z.object({ cash: z.int() }))

export const Take = till.command('Take', {
  input: z.object({ amount }),
  emits: [CashTaken],
  refuses: [TooLittle],
  decide: ({ cash }, { amount }) => (cash < amount ? TooLittle({ cash }) : CashTaken({ amount })),
})

export const Nothing = till.command('Nothing', { input: z.object({}), emits: [], decide: () => [] })

export const move = aggregate('move', { initialState: {} }).on(MoveAsked, (state) => state)

export const AskMove = move.command('AskMove', {
  input: MoveAsked.schema,
  emits: [MoveAsked],
  decide: (_state, data) => MoveAsked(data),
})

export const moveSaga = saga('move', { startsOn: MoveAsked, from: 'beginning' })
  .step('take', {
    command: Take,
    to: ({ from }) => from,
    input: ({ amount }) => ({ amount }),
    compensate: { command: PayIn, to: ({ from }) => from, input: ({ amount }) => ({ amount }) },
  })
  .step('payIn', { command: PayIn, to: ({ to }) => to, input: ({ amount }) => ({ amount }), timeout: '1m' })

export const tillTable = projection('tills', {
  table: { till: text().key(), cash: bigint() },
  staleness: { targetMs: 50 },
}).write(CashPaidIn, ({ amount }, { streamId }) => ({ till: streamId, cash: amount }))

export const tills = defineSystem({
  name: 'tills',
  commands: [PayIn, Take, Nothing, AskMove],
  projections: [tillTable],
  sagas: [moveSaga],
})

export function parts(overrides: Partial<SystemOptions> = {}): SystemOptions {
  return {
    store: memoryStore(),
    tables: memoryTables(),
    snapshots: memorySnapshots(),
    consumers: memoryConsumers(),
    ...overrides,
  }
}

export function startTills(overrides: Partial<SystemOptions> = {}) {
  return startSystem(tills, parts(overrides))
}

interface Statuses {
  projection: ProjectionStatus
  saga: SagaRunnerStatus
}

/** What health says of the projections, or of the sagas, in the order of their declaration. */
export async function statuses<Kind extends keyof Statuses>(
  system: Pick<RunningSystem, 'health'>,
  kind: Kind,
): Promise<readonly Statuses[Kind][]> {
  const { consumers } = await system.health()
  return consumers.filter((status) => status.kind === kind) as unknown as readonly Statuses[Kind][]
}
