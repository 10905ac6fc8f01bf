// Steps that go to another system: each is carried out once there, whatever gets lost, and nothing is taken back that was done.
import {
  IndelibleError,
  isIndelibleError,
  policy,
  type RemoteConnection,
  type RunningSystem,
  type SagaView,
  saga,
} from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { describeOperations } from 'indelible/operations'
import { describeSystem } from 'indelible/schema'
import { connectTo, crashingStore, manualClock } from 'indelible/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  AskWire,
  cashOf,
  farBranch,
  type Line,
  lineTo,
  lost,
  memory,
  nearBranch,
  Open,
  other,
  PayIn,
  Taken,
  WireAsked,
  wiring,
} from './branches.ts'

const wire = (to = 'b') => AskWire('w1', { from: 'a', to, amount: 5 })
const patience = { timeoutMs: 20_000 }
const patient = { timeout: 20_000 }

function branches(line: Line = {}, options: Parameters<typeof nearBranch>[1] = {}) {
  const clock = manualClock()
  const far = { running: farBranch() }
  const near = nearBranch(lineTo(far, line), { clock, ...options })
  onTestFinished(async () => {
    await near.close()
    await far.running.close()
  })
  return { near, far, clock, line }
}

async function ended(near: RunningSystem): Promise<SagaView> {
  return await near.waitForSaga(wiring, 'w1', patience)
}

/** The command of the step, under the id that it has in the other log. */
async function idThere(near: RunningSystem): Promise<string> {
  return `${await near.store.historyAt(0)}:$saga.wiring-w1:payIn:do`
}

test('a step goes to another system, which records who asked for it, and its answer is made from the events there', async () => {
  const { near, far } = branches()
  await near.send(wire(), { correlationId: 'c-1' })
  const { status, done } = await ended(near)
  expect({ status, done }).toEqual({ status: 'completed', done: ['take', 'payIn'] })
  expect(await cashOf(near)).toEqual(['till-a -5'])
  expect(await cashOf(far.running)).toEqual(['till-b +5'])
  const [batch] = await Array.fromAsync(far.running.store.read([{ streams: ['till-b'] }]))
  expect(batch!.events[0]!.metadata).toMatchObject({
    actor: 'near/saga:wiring',
    correlationId: 'c-1',
    commandId: await idThere(near),
  })
  const stepDone = await Array.fromAsync(near.store.read([{ types: ['$StepDone'] }]))
  expect(stepDone.flatMap(({ events }) => events.map(({ data }) => data))).toContainEqual({
    step: 'payIn',
    position: 1,
    answer: { paid: 5, type: 'PaidIn' },
  })
})

test('what the other system refuses is taken back, and claimed there before', async () => {
  const { near, far } = branches()
  await near.send(wire('closed'))
  const { status, failure } = await ended(near)
  expect(status).toBe('compensated')
  expect(failure).toEqual({ step: 'payIn', reason: 'Closed', details: { cash: 0 } })
  expect(await cashOf(near)).toEqual(['till-a -5', 'till-a +5'])
  expect(await far.running.findCommand(await idThere(near))).toMatchObject({ status: 'claimed', reason: 'Closed' })
  const [claim] = await Array.fromAsync(far.running.store.read([{ types: ['$CommandClaimed'] }]))
  expect(claim!.events.map(({ metadata }) => metadata.actor)).toEqual(['near/saga:wiring'])
})

test('while the other system cannot be reached, the step waits, and the saga goes on when it can', async () => {
  const { near, far, clock, line } = branches({ before: lost })
  await near.send(wire())
  await vi.waitFor(async () => {
    const [status] = (await near.health()).consumers.filter(({ kind }) => kind === 'saga')
    expect(status).toMatchObject({ waiting: 1, error: { message: 'The line is dead.' }, needsIntervention: [] })
  })
  expect((await near.saga(wiring, 'w1'))!.status).toBe('running')
  delete line.before
  clock.advance(10_000)
  expect((await ended(near)).status).toBe('completed')
  expect(await cashOf(far.running)).toEqual(['till-b +5'])
})

test('a command whose answer gets lost is sent again and carried out once', async () => {
  const { near, far, clock, line } = branches({ after: (what) => (what === 'send' ? lost() : undefined) })
  await near.send(wire())
  await vi.waitFor(async () => expect(await cashOf(far.running)).toEqual(['till-b +5']))
  await vi.waitFor(async () => expect((await near.consumers.show(wiring)) as object).toMatchObject({ waiting: 1 }))
  delete line.after
  clock.advance(10_000)
  expect((await ended(near)).status).toBe('completed')
  expect(await cashOf(far.running)).toEqual(['till-b +5'])
})

test('a step that had been carried out counts as done when its time is over, although no answer came', async () => {
  const { near, far, clock, line } = branches({ after: (what) => (what === 'send' ? lost() : undefined) })
  await near.send(wire())
  await vi.waitFor(async () => expect(await cashOf(far.running)).toEqual(['till-b +5']))
  await vi.waitFor(async () => expect((await near.consumers.show(wiring)) as object).toMatchObject({ waiting: 1 }))
  clock.advance(60_000)
  const { status, done } = await ended(near)
  expect({ status, done }).toEqual({ status: 'completed', done: ['take', 'payIn'] })
  expect(line.after).toBeDefined()
})

test('nothing is taken back after a timeout until the other system has promised not to carry the command out', async () => {
  const { near, far, clock, line } = branches({ before: lost })
  await near.send(wire())
  await vi.waitFor(async () => expect((await near.consumers.show(wiring)) as object).toMatchObject({ waiting: 1 }))
  clock.advance(60_000)
  await vi.waitFor(async () => expect((await near.consumers.show(wiring)) as object).toMatchObject({ active: 0 }))
  expect((await near.saga(wiring, 'w1'))!.status).toBe('running')
  expect(await cashOf(near)).toEqual(['till-a -5'])
  delete line.before
  clock.advance(10_000)
  const { status, failure } = await ended(near)
  expect({ status, reason: failure?.reason }).toEqual({ status: 'compensated', reason: 'TimedOut' })
  expect(await cashOf(near)).toEqual(['till-a -5', 'till-a +5'])
  // The first try comes now, late.
  const late = connectTo(far.running).send(PayIn('b', { amount: 5 }), { commandId: await idThere(near) })
  await expect(late).rejects.toMatchObject({ code: 'command_claimed' })
  expect(await cashOf(far.running)).toEqual([])
})

test('a first try that comes after a second was refused is not carried out any more, though it would not be refused now', async () => {
  const { near, far } = branches()
  await near.send(wire('closed'))
  expect((await ended(near)).status).toBe('compensated')
  await far.running.send(Open('closed', {}))
  const late = connectTo(far.running).send(PayIn('closed', { amount: 5 }), { commandId: await idThere(near) })
  await expect(late).rejects.toMatchObject({ code: 'command_claimed' })
  expect(await cashOf(far.running)).toEqual([])
})

test('of a command and a claim of its id at the same time, one wins and both say which', async () => {
  const far = farBranch()
  onTestFinished(() => far.close())
  const connection = connectTo(far)
  const wins = { claimed: 0, carriedOut: 0 }
  for (let n = 0; n < 60; n++) {
    const [commandId, id] = [`c-${n}`, `t${n}`]
    const send = () => connection.send(PayIn(id, { amount: 1 }), { commandId })
    const claim = () => connection.claim({ commandId, reason: 'Late', details: {} })
    const asked = n % 2 === 0 ? [send(), claim()] : [claim(), send()].reverse()
    const [sent, claimed] = await Promise.allSettled(asked)
    const isDone = sent!.status === 'fulfilled'
    if (!isDone) expect(isIndelibleError(sent!.reason, 'command_claimed')).toBe(true)
    expect(claimed).toMatchObject({ status: 'fulfilled', value: { status: isDone ? 'carriedOut' : 'claimed' } })
    wins[isDone ? 'carriedOut' : 'claimed']++
    expect(await cashOf(far)).toHaveLength(wins.carriedOut)
    expect(await claim()).toMatchObject({ status: isDone ? 'carriedOut' : 'claimed' })
  }
  expect(wins.claimed + wins.carriedOut).toBe(60)
})

test('after a crash between claim and turn, the saga goes on with the reason that was recorded with the claim', async () => {
  const careless = saga('wiring', { startsOn: Taken, from: 'beginning' })
    .step('payIn', {
      command: other.commands.PayIn,
      to: () => 'closed',
      input: ({ amount }) => ({ amount }),
      continueOn: ['Closed'],
      compensate: 'nothing',
    })
    .step('last', {
      command: PayIn,
      to: () => 'last',
      input: (_data, { answers }) => ({ amount: answers.payIn === undefined ? 1 : 7 + answers.payIn.details.cash }),
    })
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  await store.append({ events: [{ stream: 'till-w1', type: 'Taken', data: { amount: 5 } }] })
  const far = { running: farBranch() }
  // The first append starts the saga, the second would record the refusal.
  const dying = crashingStore(store, { after: 1, written: false })
  const first = nearBranch(lineTo(far, {}), { store: dying, consumers, sagas: [careless] })
  await vi.waitFor(() => expect(dying.hasCrashed).toBe(true))
  await first.close()
  // It would not be refused any more.
  await far.running.send(Open('closed', {}))
  const second = nearBranch(lineTo(far, {}), { store, consumers, sagas: [careless] })
  const { status, done } = await second.waitForSaga(careless, 'w1', patience)
  expect({ status, done }).toEqual({ status: 'completed', done: ['last'] })
  expect(await cashOf(second)).toEqual(['till-w1 -5', 'till-last +7'])
  expect(await cashOf(far.running)).toEqual([])
  await second.close()
  await far.running.close()
})

test('a command that the other system does not know needs a person, and takes nothing back', async () => {
  const { near } = branches({
    before: (what) => {
      if (what === 'send') throw new IndelibleError('remote_rejected', 'It has no such command.')
    },
  })
  await near.send(wire())
  await vi.waitFor(async () => {
    const { needsIntervention } = (await near.consumers.show(wiring)) as never
    expect(needsIntervention).toEqual([
      {
        sagaId: 'w1',
        problem: expect.stringContaining('sent "PayIn" to till-b in "other", which cannot be carried out'),
      },
    ])
  })
  expect(await cashOf(near)).toEqual(['till-a -5'])
})

test('what is under way to a system that hangs does not hold up a close, and goes on after the next start', async () => {
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  const far = { running: farBranch() }
  const hung = Promise.withResolvers<void>()
  const hanging: RemoteConnection = {
    ...connectTo(far.running),
    send: (_command, { signal }) => {
      hung.resolve()
      const gone = new IndelibleError('aborted', 'The caller gave up.')
      return new Promise((_resolve, reject) => signal!.addEventListener('abort', () => reject(gone)))
    },
  }
  const open = crashingStore(store, { after: Number.POSITIVE_INFINITY, written: false })
  const first = nearBranch(hanging, { store: open, consumers })
  await first.send(wire())
  await hung.promise
  await first.close()
  const second = nearBranch(connectTo(far.running), { store, consumers })
  expect((await ended(second)).status).toBe('completed')
  expect(await cashOf(far.running)).toEqual(['till-b +5'])
  await second.close()
  await far.running.close()
})

test('a compensation that the other system refuses needs a person, who resumes it when it can be carried out', async () => {
  const careful = saga('wiring', { startsOn: WireAsked, from: 'beginning', owner: 'treasury' })
    .step('payIn', {
      command: other.commands.PayIn,
      to: () => 'b',
      input: ({ amount }) => ({ amount }),
      compensate: { command: other.commands.PayIn, to: ({ to }) => to, input: ({ amount }) => ({ amount }) },
    })
    .step('more', { command: other.commands.PayIn, to: () => 'closed-too', input: ({ amount }) => ({ amount }) })
  const { near, far } = branches({}, { sagas: [careful] })
  await near.send(wire('closed'))
  const failed = await near.waitForSaga(careful, 'w1', patience)
  expect(failed).toMatchObject({
    status: 'compensationFailed',
    compensationFailure: { step: 'payIn', reason: 'Closed' },
  })
  await far.running.send(Open('closed', {}))
  expect(await near.resumeSaga(careful, 'w1', { actor: 'ada' })).toBe(true)
  expect((await near.waitForSaga(careful, 'w1', patience)).status).toBe('compensated')
  expect(await cashOf(far.running)).toEqual(['till-b +5', 'till-closed +5'])
})

test('a policy sends commands to another system, and waits while it cannot be reached', async () => {
  const forwards = policy('forwards', { sends: [other.commands.PayIn], from: 'beginning' }).on(Taken, ({ amount }) =>
    other.commands.PayIn('b', { amount }),
  )
  let isLost = true
  let tries = 0
  const { near, far } = branches(
    {
      before: (what) => {
        if (what === 'send' && tries++ >= 0 && isLost) lost()
      },
    },
    { policies: [forwards], sagas: [], ...memory() },
  )
  await near.store.append({ events: [{ stream: 'till-a', type: 'Taken', data: { amount: 3 } }] })
  // More often than an event is tried before it is parked.
  await vi.waitFor(() => expect(tries).toBeGreaterThan(6), patient)
  expect(await near.consumers.show(forwards)).toMatchObject({ state: 'running', parked: [] })
  isLost = false
  await near.waitFor(forwards, 1, patience)
  expect(await cashOf(far.running)).toEqual(['till-b +3'])
})

test('only sagas and policies send commands to another system', async () => {
  const { near } = branches()
  const sent = near.send(other.commands.PayIn('b', { amount: 1 }))
  await expect(sent).rejects.toMatchObject({ code: 'unknown_command' })
  expect(await cashOf(near)).toEqual([])
})

test('a description has the other system, and does not have its commands as commands of its own', () => {
  const { near } = branches()
  const { remotes, commands, sagas } = describeSystem(near.system)
  expect(remotes).toMatchObject([
    {
      name: 'other',
      from: 'beginning',
      events: ['other.PaidIn', 'other.Opened'],
      commands: [{ type: 'PayIn' }, { type: 'Take' }],
    },
  ])
  expect(commands.map(({ remote }) => remote)).toEqual([undefined, undefined, undefined, undefined])
  const offered = describeOperations(describeSystem(near.system)).operations
  expect(offered.filter(({ operation }) => operation === 'sendCommand').map(({ given }) => given.command)).toEqual([
    'PayIn',
    'Take',
    'Open',
    'AskWire',
  ])
  expect(sagas[0]!.flow[1]).toMatchObject({ sends: { category: 'till', type: 'PayIn', remote: 'other' } })
})

test('a system that is declared and has no connection is an error at the start', () => {
  expect(() => nearBranch(undefined as never)).toThrow(
    'The system "near" has no connection to the other system "other". Give one: remotes: { other: httpSystem',
  )
})
