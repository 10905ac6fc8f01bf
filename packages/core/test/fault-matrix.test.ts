import { defineSystem, policy, type RunningSystem, saga } from 'indelible'
import { type FaultMatrix, faultMatrix, formatFaultMatrix } from 'indelible/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, Sign, Signed, Tear, Withdraw, Write, writing, written } from './notebook.ts'
import { AskMove, MoveAsked, moveSaga, PayIn, Take, tills } from './till.ts'

const commands = [Write, Tear, Ask, Sign, Withdraw]
const child = saga('chapter', { data: z.object({ word: z.string() }), owner: 'editors' })
  .step('write', {
    command: Write,
    to: () => 'a',
    input: ({ word }) => ({ word }),
    compensate: { command: Tear, to: () => 'a', input: ({ word }) => ({ word }) },
  })
  .sleep('rest', { for: '1h' })
const all = saga('all', { startsOn: Asked, owner: 'editors' })
  .step('first', { ...writing('a', 'first'), timeout: '1m' })
  .each('lines', {
    over: ({ words }) => words,
    key: (word) => word,
    atOnce: 2,
    do: (flow) =>
      flow.step('write', {
        command: Write,
        to: () => 'a',
        input: (_data, { item }) => ({ word: item }),
        compensate: { command: Tear, to: () => 'a', input: (_data, { item }) => ({ word: item }) },
      }),
  })
  .parallel('both', {
    left: (flow) => flow.step('write', writing('a', 'left')),
    right: (flow) => flow.step('write', writing('a', 'right')),
  })
  .choose('how', ({ limit }) => (limit > 2 ? 'long' : 'short'), {
    long: (flow) => flow.step('write', { ...writing('a', 'long'), continueOn: ['Refused'] }),
    short: (flow) => flow.step('write', writing('a', 'short')),
  })
  .awaitEvent('signature', Signed, { within: '1h' })
  .sleep('rest', { for: '1d' })
  .ask('check', {
    owner: () => 'ada',
    question: () => 'Well?',
    decision: z.boolean(),
    within: '2d',
    otherwise: 'continue',
  })
  .child('child', {
    saga: child,
    id: (_data, { sagaId }) => `${sagaId}-child`,
    data: () => ({ word: 'child' }),
    compensate: { command: Tear, to: () => 'a', input: () => ({ word: 'child' }) },
  })
  .step('last', writing('a', 'last'))

test('a saga with every kind of node comes to a good end with every fault', async () => {
  const matrix = await faultMatrix({
    system: defineSystem({ name: 'notebook', commands, sagas: [all, child] }),
    saga: all,
    start: Ask('1', { words: ['l1', 'l2', 'l3'] }),
    others: {
      signature: (running, { sagaId }) => running.send(Sign(sagaId, { by: 'ada' })),
      check: (running, { sagaId, step }) => running.decide(all, sagaId, { step, decision: true }),
    },
    invariant: async (running, { status }) => {
      const seen = await written(running)
      expect(new Set(seen).size, 'nothing twice').toBe(seen.length)
      const left = seen.filter((each) => !each.startsWith('-') && !seen.includes(`-${each}`))
      if (status === 'compensated') expect(left).toEqual([])
      else
        expect(left.filter((word) => word !== 'long').sort()).toEqual([
          'child',
          'first',
          'l1',
          'l2',
          'l3',
          'last',
          'left',
          'right',
        ])
    },
  })
  expect(matrix.problems).toEqual([])
  expect(formatFaultMatrix(matrix)).toMatchInlineSnapshot(`
    "all                         refused  timeout  late reply  duplicate  reordered  crash before  crash after   compensation refused
    --------------------------------------------------------------------------------------------------------------------------------
    first             step      undone   undone   done        done       –          done, undone  done, undone  resumed
    lines             each      –        –        –           –          done       done          done          –
    lines/write       step      undone   –        –           done       –          done, undone  done, undone  resumed
    both              parallel  –        –        –           –          done       –             –             –
    both/left/write   step      undone   –        –           done       –          done, undone  done, undone  resumed
    both/right/write  step      undone   –        –           done       –          done, undone  done, undone  resumed
    how               choose    –        –        –           –          –          done          done          –
    how/long/write    step      done     –        –           done       –          done, undone  done, undone  resumed
    how/short/write   step      ?        ?        ?           ?          ?          ?             ?             ?
    signature         await     –        undone   undone      done       done       done          done          –
    rest              sleep     –        –        –           –          –          done          done          –
    check             ask       –        done     done        done       –          done          done          –
    child             child     undone   –        –           –          –          done, undone  done, undone  resumed
    child/write       step      undone   –        –           done       –          done, undone  done, undone  resumed
    child/rest        sleep     –        –        –           –          –          done          done          –
    last              step      undone   –        –           done       –          done          done          –

    61 cells, 172 runs: all green.
    done: completed; undone: compensated; resumed: compensated after a person helped; –: cannot happen there; ?: not reached by this scenario."
  `)
})

const moving = {
  start: AskMove('m', { from: 'a', to: 'b', amount: 4 }),
  seed: (running: RunningSystem) => running.send(PayIn('a', { amount: 10 })),
}
const red = ({ cells }: FaultMatrix) =>
  cells.filter(({ verdict }) => verdict === 'red').map(({ step, fault }) => `${step}: ${fault}`)

test('a compensation that takes back the wrong amount is found, with what is wrong and how to run it alone', async () => {
  const wrong = saga('move', { startsOn: MoveAsked, owner: 'cashiers' })
    .step('take', {
      command: Take,
      to: ({ from }) => from,
      input: ({ amount }) => ({ amount }),
      compensate: { command: PayIn, to: ({ from }) => from, input: ({ amount }) => ({ amount: amount - 1 }) },
    })
    .step('payIn', { command: PayIn, to: ({ to }) => to, input: ({ amount }) => ({ amount }), timeout: '1m' })
  const options = {
    ...moving,
    system: defineSystem({ ...tills, projections: [], sagas: [wrong] }),
    saga: wrong,
    invariant: async (running: RunningSystem) => {
      const cash = await cashIn(running)
      return cash === 10 ? undefined : `The tills have ${cash}, and not 10.`
    },
  }
  const matrix = await faultMatrix(options)
  expect(red(matrix)).toEqual([
    'take: crash before',
    'take: crash after',
    'take: compensation refused',
    'payIn: refused',
    'payIn: timeout',
  ])
  const problem =
    "payIn, refused: refused with Closed. The tills have 9, and not 10. Alone: only: { step: 'payIn', fault: 'refused' }."
  expect(matrix.problems).toContain(problem)
  expect(formatFaultMatrix(matrix)).toContain(`FAIL ${problem}`)
  const alone = await faultMatrix({ ...options, only: { step: 'payIn', fault: 'refused' } })
  expect(alone.problems).toEqual([problem])
  expect(alone.cells.filter(({ verdict }) => verdict === 'left out')).toHaveLength(15)
})

test('what may be done twice, though it must happen once, is found', async () => {
  const contract = saga('contract', { startsOn: Asked })
    .awaitEvent('signature', Signed, { within: '1h' })
    .step('write', { command: Write, to: () => 'a', input: () => ({ word: 'signed' }) })
  const matrix = await faultMatrix({
    system: defineSystem({ name: 'notebook', commands, sagas: [contract] }),
    saga: contract,
    start: Ask('1', { words: [] }),
    others: { signature: (running, { sagaId }) => running.send(Sign(sagaId, { by: 'ada' })) },
    invariant: async ({ store }) => {
      const signed = (await Array.fromAsync(store.read([{ types: ['Signed'] }]))).flatMap(({ events }) => events)
      return signed.length > 1 ? `It was signed ${signed.length} times.` : undefined
    },
  })
  expect(red(matrix)).toEqual(['signature: duplicate'])
  expect(matrix.problems[0]).toMatch(/^signature, duplicate: it was done twice\. It was signed 2 times\. Alone: /)
})

test('a saga without an owner is told that nobody looks at a compensation that is refused', async () => {
  const matrix = await faultMatrix({
    ...moving,
    system: tills,
    saga: moveSaga,
    invariant: async (running) => void expect(await cashIn(running)).toBe(10),
  })
  expect(red(matrix)).toEqual(['take: compensation refused'])
  expect(matrix.problems[0]).toContain("nobody is named who looks at it: saga('move', { owner: 'payments team', … })")
})

test('a saga that does not complete without a fault is refused, with what is missing', async () => {
  const patient = saga('patient', { startsOn: Asked }).awaitEvent('signature', Signed, { within: 'forever' })
  const options = {
    system: defineSystem({ name: 'notebook', commands, sagas: [patient] }),
    saga: patient,
    start: Ask('1', { words: [] }),
    invariant: async () => {},
  }
  await expect(faultMatrix(options)).rejects.toThrow(
    /Without a fault .* patient 1 is still running and waits for Signed at "signature"\. Say what others do: others: \{ 'signature': /,
  )
  await expect(faultMatrix({ ...options, others: { signed: async () => {} } })).rejects.toThrow(
    '"others" has "signed", but the saga waits for others at: signature.',
  )
  await expect(faultMatrix({ ...options, only: { step: 'sign' } })).rejects.toThrow(
    '"only" has the step "sign", but the saga has: signature.',
  )
})

test('what a policy could not do is not forgotten', async () => {
  const chain = policy('chain', { sends: [Write] }).on(Signed, () => Write('a', { word: 'no' }))
  const signing = saga('signing', { startsOn: Asked }).awaitEvent('signature', Signed, { within: '1h' })
  const matrix = faultMatrix({
    system: defineSystem({ name: 'notebook', commands, sagas: [signing], policies: [chain] }),
    saga: signing,
    start: Ask('1', { words: [] }),
    others: { signature: (running, { sagaId }) => running.send(Sign(sagaId, { by: 'ada' })) },
    invariant: async () => {},
  })
  await expect(matrix).rejects.toThrow('The policy "chain" is parked: Write for page-a was refused: Refused.')
})

test('a branch that the scenario does not take is shown as not reached', async () => {
  const { cells } = await shortMatrix()
  expect(cells.filter(({ verdict }) => verdict === 'not reached').map(({ step }) => step)).toEqual(
    Array.from({ length: 8 }, () => 'how/long/long'),
  )
})

const branching = saga('branching', { startsOn: Asked }).choose('how', ({ limit }) => (limit > 2 ? 'long' : 'short'), {
  long: (flow) => flow.sleep('long', { for: '1d' }),
  short: (flow) => flow.sleep('short', { for: '1h' }),
})

async function cashIn(running: RunningSystem): Promise<number> {
  const batches = await Array.fromAsync(running.store.read([{ types: ['CashPaidIn', 'CashTaken'] }]))
  return batches
    .flatMap(({ events }) => events)
    .reduce((sum, { type, data }) => sum + (type === 'CashTaken' ? -1 : 1) * (data as { amount: number }).amount, 0)
}

async function shortMatrix(): Promise<FaultMatrix> {
  return await faultMatrix({
    system: defineSystem({ name: 'notebook', commands, sagas: [branching] }),
    saga: branching,
    start: Ask('1', { words: [], limit: 1 }),
    invariant: async () => {},
  })
}
