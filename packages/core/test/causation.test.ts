// Why something happened: from every event, the chain of causes leads to the first command.
import { aggregate, defineSystem, type EventStore, event, type RecordedEvent, reaction, startSystem } from 'indelible'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { patience, soon } from './patience.ts'
import { AskMove, CashPaidIn, CashTaken, moveSaga, PayIn, parts, startTills, tills } from './till.ts'

const everything = async (store: EventStore): Promise<RecordedEvent[]> =>
  (await Array.fromAsync(store.read('all', { reserved: true }))).flatMap(({ events }) => events)

/** The events that led to this one, the nearest first, and the command id at the end of the chain. */
function causesOf(event: RecordedEvent, events: readonly RecordedEvent[]) {
  const byId = new Map(events.map((each) => [each.id, each]))
  const chain: RecordedEvent[] = []
  let { causationId } = event.metadata
  for (;;) {
    const cause = byId.get(causationId ?? '')
    if (!cause) return { chain, begun: causationId }
    expect(cause.position, 'a cause comes first').toBeLessThan((chain.at(-1) ?? event).position)
    chain.push(cause)
    causationId = cause.metadata.causationId
  }
}

const named = ({ stream, type }: RecordedEvent) => `${stream} ${type}`

/** A move of cash, from the command until the saga has ended. */
async function moved(to: string, options: { commandId?: string; correlationId?: string; causationId?: string } = {}) {
  const system = startTills()
  await system.send(PayIn('a', { amount: 10 }), { commandId: 'first' })
  const asked = await system.send(AskMove('m', { from: 'a', to, amount: 4 }), options)
  const state = await system.waitForSaga(moveSaga, 'm', patience)
  const events = await everything(system.store)
  await system.close()
  return { events: events.filter(({ metadata }) => metadata.commandId !== 'first'), commandId: asked.commandId, state }
}

describe('a move of cash between tills', () => {
  test.each([
    ['that succeeds', 'b', 'completed'],
    ['that is compensated', 'closed', 'compensated'],
  ])('%s: every event has a chain of causes to the command that asked for it', async (_what, to, status) => {
    const { events, commandId, state } = await moved(to)
    expect(state.status).toBe(status)
    expect(events.length).toBeGreaterThan(8)
    for (const each of events) {
      const { chain, begun } = causesOf(each, events)
      expect(begun, named(each)).toBe(commandId)
      expect(each.metadata.correlationId, named(each)).toBe(commandId)
      // Of all events that have a cause, the first is the event of the command itself.
      if (each.type !== 'MoveAsked') expect(named(chain.at(-1)!)).toBe('move-m MoveAsked')
    }
  })

  test('each event names the event before it in the process as its cause', async () => {
    const { events } = await moved('closed')
    const last = events.find(({ type }) => type === '$SagaCompensated')!
    expect(causesOf(last, events).chain.map(named).toReversed()).toEqual([
      'move-m MoveAsked',
      '$saga.move-m $SagaStarted',
      '$saga.move-m $StepSent',
      '$saga.move-m $StepDone',
      '$saga.move-m $StepSent',
      '$saga.move-m $StepRefused',
      '$saga.move-m $CompensationSent',
      '$saga.move-m $CompensationDone',
    ])
    const sent = events.filter(({ type }) => type === '$StepSent' || type === '$CompensationSent')
    const [taken, backAgain] = events.filter(({ stream }) => stream === 'till-a')
    expect([taken!.metadata.causationId, backAgain!.metadata.causationId]).toEqual([sent[0]!.id, sent[2]!.id])
    expect([taken, backAgain].map((each) => each!.metadata.actor)).toEqual(['saga:move', 'saga:move'])
  })

  test.each(['b', 'closed'])('a chain of causes ends at the cause that was given with the command: %s', async (to) => {
    const { events } = await moved(to, { commandId: 'ask', correlationId: 'corr', causationId: 'web-request-1' })
    for (const each of events) {
      expect(causesOf(each, events).begun, named(each)).toBe('web-request-1')
      expect(each.metadata.correlationId, named(each)).toBe('corr')
    }
  })
})

test('events of one command name the command as their cause, not each other', async () => {
  await using system = startTills()
  const outcome = await system.send(PayIn('a', { amount: 10 }))
  const [paid] = await everything(system.store)
  expect(paid!.metadata).toMatchObject({
    commandId: outcome.commandId,
    causationId: outcome.commandId,
    correlationId: outcome.commandId,
  })
})

test('after a refused compensation the chain also leads back through the person who resumed it', async () => {
  // A closed till takes no cash. This one is closed from the beginning, so the cash cannot come back either.
  const store = parts().store
  const cash = { stream: 'till-closed', type: CashPaidIn.type, data: { amount: 10 } } as const
  await store.append({ events: [cash] })
  await using system = startTills({ store })
  const asked = await system.send(AskMove('m', { from: 'closed', to: 'closed2', amount: 4 }))
  expect(await system.waitForSaga(moveSaga, 'm', patience)).toMatchObject({ status: 'compensationFailed' })
  expect(await system.resumeSaga(moveSaga, 'm', { actor: 'olga' })).toBe(true)
  await soon(async () =>
    expect((await everything(store)).filter(({ type }) => type === '$CompensationRefused')).toHaveLength(2),
  )
  const events = await everything(store)
  const resumed = events.find(({ type }) => type === '$SagaResumed')!
  expect(resumed.metadata.actor).toBe('olga')
  const again = events.findLast(({ type }) => type === '$CompensationSent')!
  expect(again.metadata.causationId).toBe(resumed.id)
  for (const each of events.slice(1)) expect(causesOf(each, events).begun, named(each)).toBe(asked.commandId)
})

test('a command that a reaction sends with the id of its event continues the chain', async () => {
  const store = parts().store
  await using system = startSystem(
    {
      ...tills,
      sagas: [],
      reactions: [
        reaction('echo').on(CashPaidIn, async ({ amount }, { id, streamId, metadata }) => {
          if (streamId !== 'a') return
          const { correlationId = id } = metadata
          await system.send(PayIn('b', { amount }), { commandId: `echo-${id}`, causationId: id, correlationId })
        }),
      ],
    },
    parts({ store }),
  )
  await soon(async () => expect(await system.consumers.show({ name: 'echo' })).toMatchObject({ state: 'running' }))
  const first = await system.send(PayIn('a', { amount: 10 }))
  await soon(async () => expect((await everything(store)).map(named)).toContain('till-b CashPaidIn'))
  const events = await everything(store)
  const echoed = events.find(({ stream }) => stream === 'till-b')!
  expect(causesOf(echoed, events)).toMatchObject({ begun: first.commandId, chain: [{ stream: 'till-a' }] })
})

test('what a reaction to a part of an event sends has the recorded event as its cause', async () => {
  const Swapped = event('Swapped', z.object({ paid: z.int(), taken: z.int() }), { parts: ['CashPaidIn', 'CashTaken'] })
  const PaidIn = CashPaidIn.formerly(Swapped, ({ paid }) => ({ amount: paid }))
  const Taken = CashTaken.formerly(Swapped, ({ taken }) => ({ amount: taken }))
  const drawer = aggregate('till', { initialState: {} })
    .on(PaidIn, (state) => state)
    .on(Taken, (state) => state)
  const Pay = drawer.command('PayIn', { input: PaidIn.schema, emits: [PaidIn], decide: (_state, data) => PaidIn(data) })
  const store = parts().store
  await store.append({ events: [{ stream: 'till-a', type: 'Swapped', data: { paid: 1, taken: 2 } }] })
  const echo = reaction('echo', { from: 'beginning' }).on(Taken, async ({ amount }, { id }) => {
    await system.send(Pay('b', { amount }), { causationId: id })
  })
  await using system = startSystem(
    defineSystem({ name: 'tills', commands: [Pay], reactions: [echo] }),
    parts({ store }),
  )
  await system.waitFor(echo, 1)
  const events = await everything(store)
  expect(causesOf(events.at(-1)!, events).chain.map(named)).toEqual(['till-a Swapped'])
})

test('a cause that a caller names is recorded as it is, also with a slash', async () => {
  await using system = startTills()
  await system.send(PayIn('a', { amount: 10 }), { causationId: 'https://shop.test/orders/17' })
  await system.schedule(PayIn('b', { amount: 1 }), { in: '1h', causationId: 'orders/17' })
  const causes = (await everything(system.store)).map(({ stream, metadata }) => [stream, metadata.causationId])
  expect(causes[0]).toEqual(['till-a', 'https://shop.test/orders/17'])
  expect(causes.find(([stream]) => stream!.startsWith('$'))?.[1]).toBe('orders/17')
})
