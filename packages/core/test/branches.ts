// Two branches that run the same declaration, each with its own log: cash is wired from a till of one to a till of the other.
import {
  type AnySaga,
  aggregate,
  defineSystem,
  event,
  IndelibleError,
  type Policy,
  type RemoteConnection,
  type RunningSystem,
  refusal,
  remoteSystem,
  type SystemOptions,
  saga,
  startSystem,
} from 'indelible'
import { memoryConsumers, memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { connectTo } from 'indelible/testing'
import { z } from 'zod'

const amount = z.int().positive()
export const PaidIn = event('PaidIn', z.object({ amount }), { tags: { amount: 'amount' } })
export const Taken = event('Taken', z.object({ amount }))
export const Opened = event('Opened', z.object({}))
export const WireAsked = event('WireAsked', z.object({ from: z.string(), to: z.string(), amount }))
export const Closed = refusal('Closed', z.object({ cash: z.int() }))

/** A till whose id begins with `closed` takes nothing in until it is opened. */
export const till = aggregate('till', { initialState: { cash: 0, isOpen: false } })
  .on(PaidIn, (state, { amount }) => ({ ...state, cash: state.cash + amount }))
  .on(Taken, (state, { amount }) => ({ ...state, cash: state.cash - amount }))
  .on(Opened, (state) => ({ ...state, isOpen: true }))
export const PayIn = till.command('PayIn', {
  input: z.object({ amount }),
  emits: [PaidIn],
  refuses: [Closed],
  decide: ({ cash, isOpen }, { amount }, { id }) =>
    id.startsWith('closed') && !isOpen ? Closed({ cash }) : PaidIn({ amount }),
})
export const Take = till.command('Take', {
  input: z.object({ amount }),
  emits: [Taken],
  decide: (_state, { amount }) => Taken({ amount }),
})
export const Open = till.command('Open', { input: z.object({}), emits: [Opened], decide: () => Opened({}) })
export const wire = aggregate('wire', { initialState: {} }).on(WireAsked, (state) => state)
export const AskWire = wire.command('AskWire', {
  input: WireAsked.schema,
  emits: [WireAsked],
  decide: (_state, data) => WireAsked(data),
})

export const other = remoteSystem('other', { commands: [PayIn, Take], events: [PaidIn, Opened], from: 'beginning' })

const taking = {
  command: Take,
  to: ({ from }: { from: string }) => from,
  input: ({ amount }: { amount: number }) => ({ amount }),
  compensate: {
    command: PayIn,
    to: ({ from }: { from: string }) => from,
    input: ({ amount }: { amount: number }) => ({ amount }),
  },
} as const

/** Cash is wired, and the other branch says at once whether it took it. */
export const wiring = saga('wiring', { startsOn: WireAsked, owner: 'treasury', from: 'beginning' })
  .step('take', taking)
  .step('payIn', {
    command: other.commands.PayIn,
    to: ({ to }) => to,
    input: ({ amount }) => ({ amount }),
    answer: ([paid]) => ({ paid: paid!.data.amount, type: paid!.type }),
    timeout: '1m',
  })

const retry = { first: '1ms', max: '4ms' }

/** Takes here, pays in there, hears of it from the feed, then does one more step there that may be refused. */
export const heardWiring = saga('wiring', { startsOn: WireAsked, from: 'beginning', owner: 'treasury' })
  .step('take', {
    command: Take,
    to: ({ from }) => from,
    input: ({ amount }) => ({ amount }),
    compensate: { command: PayIn, to: ({ from }) => from, input: ({ amount }) => ({ amount }) },
  })
  .step('payIn', {
    command: other.commands.PayIn,
    to: (_data, { sagaId }) => sagaId,
    input: ({ amount }) => ({ amount }),
    answer: ([paid]) => paid!.data.amount,
    compensate: {
      command: other.commands.Take,
      to: (_data, { sagaId }) => sagaId,
      input: ({ amount }) => ({ amount }),
    },
    retry,
  })
  .awaitEvent('heard', other.events.PaidIn, { within: 'forever' })
  .step('more', {
    command: other.commands.PayIn,
    to: ({ to }) => to,
    input: (_data, { answers }) => ({ amount: answers.payIn + answers.heard.amount }),
    retry,
  })

export interface BranchOptions extends Partial<SystemOptions> {
  readonly sagas?: readonly AnySaga[]
  // biome-ignore lint/suspicious/noExplicitAny: whatever it sends
  readonly policies?: readonly Policy<any>[]
}

export const commands = [PayIn, Take, Open, AskWire]

/** The branch that is asked: it knows no other. */
export function farBranch(options: BranchOptions = {}): RunningSystem {
  const { sagas = [], policies = [], ...parts } = options
  const system = defineSystem({ name: 'far', commands, sagas, policies })
  return startSystem(system, { ...memory(), ...parts })
}

/** The branch that asks another one. */
export function nearBranch(connection: RemoteConnection, options: BranchOptions = {}): RunningSystem {
  const { sagas = [wiring], policies = [], ...parts } = options
  const system = defineSystem({ name: 'near', commands, sagas, policies, remotes: [other] })
  return startSystem(system, { ...memory(), remotes: { other: connection }, ...parts })
}

export function memory() {
  return { store: memoryStore(), tables: memoryTables(), snapshots: memorySnapshots(), consumers: memoryConsumers() }
}

/** What a connection does to each request: it may lose it, or its answer. */
export interface Line {
  /** Called before a request gets through; it may throw or wait. */
  before?: (what: keyof RemoteConnection) => Promise<void> | void
  /** Called when the answer is there; if it throws, the answer is lost. */
  after?: (what: keyof RemoteConnection) => Promise<void> | void
}

/** A connection over a line. `line` may be changed at any time, and `far` may be started again. */
export function lineTo(far: { running: RunningSystem }, line: Line): RemoteConnection {
  const over = (what: keyof RemoteConnection) => {
    return async (...args: readonly unknown[]) => {
      await line.before?.(what)
      const connection = connectTo(far.running) as unknown as Record<string, (...args: readonly unknown[]) => unknown>
      const answer = await connection[what]!(...args)
      await line.after?.(what)
      return answer as never
    }
  }
  return { send: over('send'), claim: over('claim'), find: over('find'), readFeed: over('readFeed') }
}

export function lost(): never {
  throw new IndelibleError('remote_unavailable', 'The line is dead.')
}

/** What happened to the cash of a branch, in its order: `till-a +5`. */
export async function cashOf({ store }: Pick<RunningSystem, 'store'>): Promise<readonly string[]> {
  const batches = await Array.fromAsync(store.read([{ types: ['PaidIn', 'Taken'] }]))
  return batches.flatMap(({ events }) =>
    events.map(
      ({ stream, type, data }) => `${stream} ${type === 'PaidIn' ? '+' : '-'}${(data as { amount: number }).amount}`,
    ),
  )
}
