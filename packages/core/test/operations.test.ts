// A transport needs only the list of operations: here it is mapped onto a transport of JSON text, and everything is done through that.
import {
  defineSystem,
  type ErrorCode,
  errorCodes,
  isIndelibleError,
  type RunningSystem,
  reaction,
  type System,
  saga,
  startSystem,
} from 'indelible'
import { describeOperations, type Operation, type OperationName, operations } from 'indelible/operations'
import { describeSystem } from 'indelible/schema'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { patience, soon } from './patience.ts'
import { CashPaidIn, MoveAsked, PayIn, parts, Take, tills } from './till.ts'

/** A saga whose compensation is refused while its till is closed. */
const stubborn = saga('stubborn', { startsOn: MoveAsked })
  .step('take', {
    command: Take,
    to: ({ from }) => from,
    input: ({ amount }) => ({ amount }),
    compensate: { command: PayIn, to: () => 'closed', input: ({ amount }) => ({ amount }) },
  })
  .step('payIn', { command: PayIn, to: () => 'closed', input: ({ amount }) => ({ amount }) })
/** It asks a person about large sums. */
const approval = saga('approval', { startsOn: CashPaidIn }).choose(
  'size',
  ({ amount }) => (amount < 1_000 ? 'small' : 'large'),
  {
    small: (flow) => flow,
    large: (flow) =>
      flow.ask('check', {
        owner: () => 'tellers',
        question: ({ amount }) => `Are ${amount} right?`,
        decision: z.object({ isRight: z.boolean() }),
        within: 'forever',
      }),
  },
)
const receipts = reaction('receipts', {}).on(CashPaidIn, () => {})
const { commands, projections, name } = tills
const system = defineSystem({ name, commands, projections, sagas: [stubborn], reactions: [receipts] })
const asking = defineSystem({ name, commands, projections, sagas: [stubborn, approval], reactions: [receipts] })

/** A transport: text in, text out. */
type Transport = (request: string) => Promise<string>

/** The complete transport. It knows no operation by name. */
function transportTo(running: RunningSystem): Transport {
  const list = new Map(Object.entries(operations) as [string, Operation][])
  return async (request) => {
    const { operation, input, ...call } = JSON.parse(request)
    try {
      return JSON.stringify({ result: await list.get(operation)!.run(running, input, call) })
    } catch (error) {
      if (!isIndelibleError(error)) throw error
      return JSON.stringify({ error: { code: error.code, message: error.message, details: error.details } })
    }
  }
}

function opened(declared: System = system) {
  const running = startSystem(declared, parts())
  onTestFinished(() => running.close())
  const transport = transportTo(running)
  const ask = async (operation: OperationName, input: unknown, principal = { actor: 'ann' }) => {
    const traceparent = 'malformed'
    const answer = JSON.parse(await transport(JSON.stringify({ operation, input, principal, traceparent })))
    if (answer.error) expect(operations[operation].refusals).toContain(answer.error.code)
    else expect(fits(operation, input, answer.result)).toBe('')
    return answer
  }
  const send = (command: string, id: string, input: unknown, options: object = {}) =>
    ask('sendCommand', { category: command === 'AskMove' ? 'move' : 'till', id, command, input, ...options })
  return { running, ask, send }
}

const { operations: described, definitions } = describeOperations(describeSystem(asking), { tenants: true })

/** What does not match the schema of the result. */
function fits(operation: OperationName, input: unknown, result: unknown): string {
  const asked = Object(input) as Record<string, unknown>
  const one = described.find(
    (each) =>
      each.operation === operation && Object.entries(each.given).every(([name, value]) => asked[name] === value),
  )!
  const schema = z.fromJSONSchema({ ...one.result.schema, $defs: definitions } as Parameters<
    typeof z.fromJSONSchema
  >[0])
  const { error } = schema.safeParse(result)
  return error ? `${operation}: ${error.message}` : ''
}

describe('through a transport that knows only the list of operations', () => {
  test('commands are sent, with their refusals and conflicts as outcomes', async () => {
    const { send } = opened()
    const sent = await send('PayIn', 'a', { amount: 5 }, { commandId: 'one' })
    expect(sent.result).toMatchObject({ status: 'accepted', commandId: 'one', version: 1, position: 1 })
    expect((await send('PayIn', 'a', { amount: 5 }, { commandId: 'one' })).result).toMatchObject({ duplicate: true })
    expect((await send('Take', 'a', { amount: 9 })).result).toMatchObject({
      status: 'refused',
      reason: 'TooLittle',
      details: { cash: 5 },
    })
    expect((await send('PayIn', 'a', { amount: 1 }, { expectedVersion: 7 })).result).toMatchObject({
      status: 'conflict',
      version: 1,
      expectedVersion: 7,
    })
    expect((await send('PayIn', 'a', { amount: -1 })).error).toMatchObject({ code: 'invalid_command' })
    expect((await send('Nope', 'a', {})).error).toMatchObject({ code: 'unknown_command' })
  })

  test('two points are compared, and fields and rows have a history and a blame', async () => {
    const { ask, send } = opened()
    for (const amount of [1, 2, 4]) await send('PayIn', 'a', { amount })
    const which = { category: 'till', id: 'a' }
    const diff = { ...which, from: 'version:1', to: 'position:2' }
    expect((await ask('diffAggregate', diff)).result.changes).toEqual([{ field: 'cash', before: 1, after: 3 }])
    expect((await ask('diffAggregate', { ...which, from: '1' })).error.details).toMatchObject({ parameter: 'from' })
    const history = (await ask('aggregateHistory', { ...which, field: 'cash', position: 2 })).result
    expect(history.changes).toMatchObject([{ after: 1 }, { before: 1, after: 3, cause: { event: 'CashPaidIn' } }])
    expect((await ask('blameAggregate', which)).result.fields).toMatchObject([{ field: 'cash', value: 7, before: 3 }])
    for (const name of ['diffAggregate', 'aggregateHistory', 'blameAggregate'] as const) {
      const from = name === 'diffAggregate' ? { from: 'position:0' } : {}
      expect((await ask(name, { ...which, id: 'b', ...from })).error.code).toBe('aggregate_missing')
    }
    const table = { name: 'tills', from: 'position:1', to: 'position:2' }
    expect((await ask('diffTable', table)).result.changed).toEqual([
      { key: { till: 'a' }, changes: [{ field: 'cash', before: 1, after: 2 }] },
    ])
    expect((await ask('diffTable', { ...table, from: 'version:1' })).error.details).toMatchObject({ parameter: 'from' })
    const row = { name: 'tills', key: { till: 'a' } }
    expect((await ask('rowHistory', { ...row, field: 'cash' })).result.changes).toHaveLength(3)
    expect((await ask('blameRow', { ...row, field: 'cash' })).result.fields).toMatchObject([{ value: 4, before: 2 }])
    for (const key of [{}, { till: 'a', cash: 1 }, { till: 5 }]) {
      expect((await ask('blameRow', { ...row, key })).error.details).toMatchObject({ parameter: 'key' })
    }
    expect((await ask('selectRows', { name: 'tills', position: 2 })).result).toMatchObject({
      rows: [{ till: 'a', cash: 2 }],
      position: 2,
    })
  })

  test('states and streams are read, now and as of a point, page by page', async () => {
    const { ask, send } = opened()
    for (const amount of [1, 2, 4]) await send('PayIn', 'a', { amount })
    const which = { category: 'till', id: 'a' }
    expect((await ask('aggregateState', which)).result).toMatchObject({ state: { cash: 7 }, version: 3, asOf: null })
    expect((await ask('aggregateState', { ...which, version: 2 })).result).toMatchObject({ state: { cash: 3 } })
    expect((await ask('aggregateState', { ...which, id: 'b' })).error.code).toBe('aggregate_missing')
    expect((await ask('aggregateState', { ...which, category: 'b' })).error.code).toBe('unknown_aggregate')
    const known = { recordedAt: '2999-01-01', validAt: '2999-01-01' }
    expect((await ask('aggregateState', { ...which, ...known })).result).toMatchObject({ version: 3, asOf: known })
    const both = await ask('aggregateState', { ...which, version: 1, position: 2 })
    expect(both.error).toMatchObject({ code: 'invalid_parameter', details: { parameter: 'position' } })
    const page = (await ask('readStream', { stream: 'till-a', limit: 2 })).result
    expect(page.events).toMatchObject([{ data: { amount: 1 } }, { data: { amount: 2 } }])
    const rest = (await ask('readStream', { stream: 'till-a', [operations.readStream.paging!.parameter]: page.next }))
      .result
    expect(rest).toMatchObject({ events: [{ data: { amount: 4 } }], next: null })
    expect((await ask('readStream', { stream: 'till-b' })).error.code).toBe('stream_missing')
  })

  test('rows are selected after they show what was written, page by page', async () => {
    const { ask, send } = opened()
    let waitFor = 0
    for (const id of ['a', 'b', 'c']) waitFor = (await send('PayIn', id, { amount: 5 })).result.position
    const first = (await ask('selectRows', { name: 'tills', where: { cash: 5 }, limit: 2, waitFor })).result
    expect(first).toMatchObject({ rows: [{ till: 'a' }, { till: 'b' }], position: 3, next: expect.any(String) })
    const second = await ask('selectRows', { name: 'tills', where: { cash: '5' }, after: first.next })
    expect(second.result).toMatchObject({ rows: [{ till: 'c', cash: 5 }], next: null })
    const wrong = await ask('selectRows', { name: 'tills', where: { nope: 5 } })
    expect(wrong.error).toMatchObject({ code: 'invalid_parameter', details: { parameter: 'where[nope]' } })
    expect((await ask('selectRows', { name: 'tills', waitFor: 99, timeoutMs: 5 })).error.code).toBe('wait_timeout')
    expect((await ask('selectRows', { name: 'nope' })).error.code).toBe('unknown_projection')
  })

  test('projections are shown, verified and rebuilt, and replaced tables are dropped', async () => {
    const { ask, send } = opened()
    const { position } = (await send('PayIn', 'a', { amount: 5 })).result
    await ask('selectRows', { name: 'tills', waitFor: position })
    expect((await ask('listProjections', {})).result.projections).toMatchObject([{ name: 'tills', position: 1 }])
    expect((await ask('verifyProjection', { name: 'tills' })).result).toMatchObject({ rows: 1, differing: 0 })
    const rebuilt = await ask('rebuildProjection', { name: 'tills' })
    expect(rebuilt.result).toMatchObject({ rows: 1, previousTable: 'tills__previous' })
    expect((await ask('showProjection', { name: 'tills' })).result.table.previous).toMatchObject({ position: 1 })
    expect((await ask('dropPreviousTable', { name: 'tills' })).result).toEqual({ name: 'tills', previousTable: null })
    expect((await ask('showProjection', { name: 'tills' })).result.table.previous).toBeNull()
    const again = await ask('rebuildProjection', { name: 'tills', dropPrevious: true })
    expect(again.result).toMatchObject({ previousTable: null })
    for (const each of [
      'showProjection',
      'verifyProjection',
      'rebuildProjection',
      'dropPreviousTable',
      'keepPastTable',
      'dropPastTable',
    ] as const)
      expect((await ask(each, { name: 'nope' })).error.code).toBe('unknown_projection')
  })

  test('consumers are listed, shown, paused and resumed', async () => {
    const { ask } = opened()
    const { consumers } = (await ask('listConsumers', {})).result
    expect(consumers.map((each: { name: string }) => each.name)).toEqual(['tills', 'stubborn', '$schedule', 'receipts'])
    for (const { name, kind } of consumers) {
      expect((await ask('pauseConsumer', { name })).result).toEqual({ name, isPaused: true })
      await soon(async () =>
        expect((await ask('showConsumer', { name })).result).toMatchObject({ kind, state: 'paused' }),
      )
      expect((await ask('resumeConsumer', { name })).result).toEqual({ name, isPaused: false })
    }
    for (const each of ['showConsumer', 'pauseConsumer', 'resumeConsumer'] as const)
      expect((await ask(each, { name: 'nope' })).error.code).toBe('unknown_consumer')
  })

  test('a person answers a saga, and another saga is cancelled', async () => {
    const { ask, send } = opened(asking)
    for (const id of ['a', 'b']) await send('PayIn', id, { amount: 5_000 })
    const which = { name: 'approval', id: 'a' }
    const waits = { status: 'running', waiting: [{ step: 'size/large/check', for: 'person', owner: 'tellers' }] }
    for (const id of ['a', 'b'])
      await soon(async () => expect((await ask('showSaga', { ...which, id })).result).toMatchObject(waits))
    const decide = { ...which, step: 'size/large/check', decision: { isRight: true }, reason: 'Counted.' }
    expect((await ask('decideSaga', { ...decide, decision: 5 })).error.code).toBe('invalid_command')
    expect((await ask('decideSaga', decide)).result).toMatchObject({ decided: true })
    expect((await ask('showSaga', { ...which, waitMs: 5_000 })).result).toMatchObject({ status: 'completed' })
    expect((await ask('decideSaga', decide)).result).toMatchObject({ decided: false })
    const cancel = { ...which, id: 'b', reason: 'Nobody counts.' }
    expect((await ask('cancelSaga', cancel)).result).toMatchObject({ cancelled: true })
    expect((await ask('showSaga', { ...which, id: 'b', waitMs: 5_000 })).result).toMatchObject({
      status: 'compensated',
      failure: { reason: 'Nobody counts.' },
    })
    expect((await ask('cancelSaga', cancel)).result).toMatchObject({ cancelled: false })
  })

  test('sagas are listed with their place in the flow, and the story of one is shown', async () => {
    const { ask, send } = opened(asking)
    for (const id of ['a', 'b']) await send('PayIn', id, { amount: 5_000 })
    const open = { status: 'open', step: 'size/large/check' }
    await soon(async () => expect((await ask('listSagas', open)).result.sagas).toHaveLength(2))
    const first = (await ask('listSagas', { ...open, name: 'approval', limit: 1 })).result
    expect(first).toMatchObject({ sagas: [{ id: 'a', status: 'running', steps: [{ for: 'person', until: null }] }] })
    const rest = (await ask('listSagas', { ...open, [operations.listSagas.paging!.parameter]: first.next })).result
    expect(rest).toMatchObject({ sagas: [{ id: 'b' }], next: null })
    expect((await ask('listSagas', { olderThanMs: 3_600_000 })).result).toEqual({ sagas: [], next: null })
    expect((await ask('listSagas', { name: 'nope' })).error.code).toBe('unknown_saga')
    const told = (await ask('sagaHistory', { name: 'approval', id: 'a' })).result
    expect(told).toMatchObject({
      history: [{ type: '$SagaStarted' }, { text: 'chose large' }, { kind: 'person', step: 'size/large/check' }],
      ahead: [{ step: 'size/large/check', at: null }],
      next: null,
    })
    expect((await ask('sagaHistory', { name: 'approval', id: 'n' })).error.code).toBe('saga_missing')
  })

  test('a caller waits for a saga, and resumes it', async () => {
    const { ask, send } = opened()
    await send('PayIn', 'a', { amount: 5 })
    await send('AskMove', 'm', { from: 'a', to: 'b', amount: 5 })
    const which = { name: 'stubborn', id: 'm' }
    const ended = (await ask('showSaga', { ...which, waitMs: patience.timeoutMs })).result
    expect(ended).toMatchObject({ status: 'compensationFailed', done: ['take'] })
    expect((await ask('resumeSaga', which)).result).toEqual({ saga: 'stubborn', id: 'm', resumed: true })
    for (const each of ['showSaga', 'resumeSaga'] as const) {
      expect((await ask(each, { ...which, id: 'n' })).error.code).toBe('saga_missing')
      expect((await ask(each, { ...which, name: 'nope' })).error.code).toBe('unknown_saga')
    }
  })

  test('health is read', async () => {
    const { ask } = opened()
    expect((await ask('health', {})).result).toMatchObject({ status: 'ok', consumers: [{}, {}, {}, {}] })
  })
})

test('every operation that changes something records its principal', async () => {
  const { ask, send, running } = opened()
  await send('PayIn', 'a', { amount: 5 })
  await send('AskMove', 'm', { from: 'a', to: 'b', amount: 5 })
  await ask('showSaga', { name: 'stubborn', id: 'm', waitMs: patience.timeoutMs })
  await ask('resumeSaga', { name: 'stubborn', id: 'm' }, { actor: 'olga' })
  const ofTables = ['rebuildProjection', 'dropPreviousTable', 'keepPastTable', 'dropPastTable'] as const
  for (const each of ['pauseConsumer', 'resumeConsumer', ...ofTables] as const)
    await ask(each, { name: 'tills' }, { actor: 'olga' })
  const actors = new Map<string, unknown>()
  const streams = ['till-a', '$operator-tills', '$saga.stubborn-m'] as never[]
  for await (const { events } of running.store.read([{ streams }]))
    for (const { type, metadata } of events) if (metadata.actor !== undefined) actors.set(type, metadata.actor)
  expect(Object.fromEntries(actors)).toMatchObject({
    CashPaidIn: 'ann',
    $SagaResumed: 'olga',
    $ConsumerPaused: 'olga',
    $ConsumerResumed: 'olga',
    $TableRebuilt: 'olga',
    $PreviousTableDropped: 'olga',
    $PastTableKept: 'olga',
    $PastTableDropped: 'olga',
  })
})

/** A value of a parameter, whether that is a text or a number. */
function anyOf({ schema, fromText }: Operation['parameters'][string]): unknown {
  return schema.type === 'object' ? {} : fromText(schema.type === 'integer' ? '1' : 'x')
}

describe.each(Object.entries(operations) as [OperationName, Operation][])('the operation %s', (name, operation) => {
  test('has its own name, and refuses with codes that exist', () => {
    expect(operation.name).toBe(name)
    for (const code of operation.refusals) expect(errorCodes).toHaveProperty(code satisfies ErrorCode)
    expect(new Set(operation.refusals).size).toBe(operation.refusals.length)
  })

  test('refuses an input that is not an object, an unknown parameter, a missing one, and a wrong one', async () => {
    const { ask } = opened()
    const required = Object.entries(operation.parameters).filter(([, { isRequired }]) => isRequired)
    const input = Object.fromEntries(required.map(([parameter, declared]) => [parameter, anyOf(declared)]))
    const wrong = [
      ['', null],
      ['', []],
      ['nope', { ...input, nope: 1 }],
      ...required.map(([parameter]) => [parameter, { ...input, [parameter]: undefined }] as const),
      // The schemas of the command and of the decision check their inputs, and details are any JSON.
      ...Object.keys(operation.parameters)
        .filter((parameter) => !['input', 'decision', 'details'].includes(parameter))
        .map((parameter) => [parameter, { ...input, [parameter]: [1] }] as const),
    ] as const
    for (const [parameter, input] of wrong) {
      const { error } = await ask(name, input)
      expect([parameter, error?.code]).toEqual([parameter, 'invalid_parameter'])
      if (parameter) expect(error.details.parameter).toBe(parameter)
    }
  })

  test('refuses a principal that is too long', async () => {
    const { ask } = opened()
    const required = Object.entries(operation.parameters).filter(([, { isRequired }]) => isRequired)
    const input = Object.fromEntries(required.map(([parameter, declared]) => [parameter, anyOf(declared)]))
    const { error } = await ask(name, input, { actor: 'é'.repeat(257) })
    expect(error).toMatchObject({ code: 'invalid_parameter', details: { parameter: 'actor' } })
  })
})

describe('the description', () => {
  test('is plain JSON, and made from the plain JSON of the system', () => {
    const description = JSON.parse(JSON.stringify(describeSystem(asking)))
    const all = describeOperations(description, { tenants: true })
    expect(JSON.parse(JSON.stringify(all))).toEqual(all)
    expect(all).toEqual({ operations: described, definitions })
  })

  test('lists every operation, for everything that is declared', () => {
    expect([...new Set(described.map(({ operation }) => operation))]).toEqual(Object.keys(operations))
    const commandsDescribed = described.filter(({ operation }) => operation === 'sendCommand')
    expect(commandsDescribed.map(({ given }) => given.command)).toEqual(commands.map(({ type }) => type))
    const [payIn, take] = commandsDescribed
    expect(payIn).toMatchObject({ effect: 'changes', principal: { actor: {} }, domainRefusals: [{ reason: 'Closed' }] })
    expect(take!.domainRefusals).toEqual([
      { reason: 'TooLittle', details: { $ref: '#/$defs/till.Take.TooLittle.details' } },
    ])
    expect(Object.keys(payIn!.parameters)).not.toContain('category')
  })

  test('has the schemas of results', () => {
    const outcome = { commandId: 'c', stream: 'till-a', version: 1, status: 'refused', reason: 'TooLittle' }
    const take = { category: 'till', command: 'Take' }
    expect(fits('sendCommand', take, { ...outcome, details: { cash: 1 } })).toBe('')
    expect(fits('sendCommand', take, { ...outcome, details: { cash: 'much' } })).not.toBe('')
    expect(fits('health', {}, { status: 'ok' })).not.toBe('')
  })

  test('refers only to definitions that it contains', () => {
    const references = [...JSON.stringify({ described, definitions }).matchAll(/"\$ref":"#\/\$defs\/([^"/]+)/g)]
    expect(references.length).toBeGreaterThan(10)
    for (const [, name] of references) expect(definitions).toHaveProperty([name!])
  })
})
