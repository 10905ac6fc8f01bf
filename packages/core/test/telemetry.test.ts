// What a running system tells of itself: traces that go on through everything that follows the log, and telemetry that never breaks a command.
import {
  activity,
  bigint,
  defineSystem,
  event,
  isIndelibleError,
  policy,
  projection,
  type RunningSystem,
  reaction,
  type ServiceConnection,
  type SystemOptions,
  saga,
  startSystem,
  subscription,
  text,
} from 'indelible'
import {
  attributes,
  instruments,
  type Meter,
  type Span,
  type SpanDefinition,
  spans,
  type Tracer,
} from 'indelible/adapter'
import { operations } from 'indelible/operations'
import { fakeService, manualClock } from 'indelible/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import {
  Ask,
  Asked,
  notebook,
  Sign,
  Signed,
  Tear,
  Withdraw,
  Withdrawn,
  Write,
  Written,
  writing,
  written,
} from './notebook.ts'
import { recordingTracer } from './recording-tracer.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${trace}-b7ad6b7169203331-01`
const patience = { timeoutMs: 20_000 }

const Noted = event('Noted', z.object({}))
const Note = activity('Note', { service: 'notes', input: z.object({}), call: 'POST /notes', emits: Noted })
const sleeps = saga('sleeps', { startsOn: Asked })
  .sleep('rest', { for: '5h' })
  .step('write', writing('a', 'awake'))
  .awaitEvent('signed', Signed, { within: 'forever' })
  .step('note', { command: Note, to: () => 'n', input: () => ({}) })
const writes = policy('writes', { sends: [Write] }).on(Withdrawn, ({ why }) => Write('b', { word: why }))
const heard: { traceparent: string | undefined }[] = []
const hears = reaction('hears').on(Written, (_data, _event, { traceparent }) => void heard.push({ traceparent }))
const gathers = subscription('gathers', { on: [Written], run: () => {} })
const counts = projection('counts', { table: { word: text().key(), length: bigint() } }).write(Written, ({ word }) => ({
  word,
  length: word.length,
}))
const system = defineSystem({
  name: 'notebook',
  commands: [Write, Tear, Ask, Sign, Withdraw],
  activities: [Note],
  sagas: [sleeps],
  policies: [writes],
  reactions: [hears],
  subscriptions: [gathers],
  projections: [counts],
})

/** What the service was asked with. */
const asked: (string | undefined)[] = []
const noted =
  ({ call }: ServiceConnection): ServiceConnection['call'] =>
  (request, options) => {
    asked.push(options.traceparent)
    return call(request, options)
  }

function started(options: Partial<SystemOptions> = {}) {
  const clock = manualClock()
  const notes = fakeService(() => ({ status: 201, body: {} }))
  const running = startSystem(system, { clock, services: { notes: { call: noted(notes) } }, ...options })
  onTestFinished(() => running.close())
  return { running, clock }
}

async function tracesIn(running: RunningSystem): Promise<ReadonlyMap<string, string | undefined>> {
  const batches = await Array.fromAsync(running.store.read('all', { reserved: true }))
  const events = batches.flatMap((batch) => batch.events)
  return new Map(events.map(({ type, metadata }) => [type, metadata.traceparent?.slice(3, 35)]))
}

/** A saga that waits for hours, an event and a service; a policy; a scheduled command. Everything is set in motion with one traceparent. */
async function everything({ running, clock }: ReturnType<typeof started>): Promise<void> {
  const until = (step: string) =>
    vi.waitFor(async () => expect((await running.saga(sleeps, '1'))?.waiting[0]?.step).toBe(step), { timeout: 10_000 })
  await running.send(Ask('1', { words: [] }), { traceparent })
  await until('rest')
  await running.schedule(Write('s', { word: 'later' }), { in: '1h', id: 's1', traceparent })
  clock.advance(5 * 3_600_000)
  await until('signed')
  await running.send(Sign('1', { by: 'ada' }), { traceparent })
  await running.send(Withdraw('1', { why: 'rain' }), { traceparent })
  expect(await running.waitForSaga(sleeps, '1', patience)).toMatchObject({ status: 'completed' })
  await vi.waitFor(async () => expect([...(await written(running))].sort()).toEqual(['awake', 'later', 'rain']), {
    timeout: 10_000,
  })
  const { position } = await running.store.head()
  for (const consumer of [hears, gathers, counts]) await running.waitFor(consumer, position, patience)
}

test('without a tracer, what led to an event is recorded through sagas, policies, schedules, activities and reactions', async () => {
  heard.length = 0
  asked.length = 0
  const begun = started()
  await everything(begun)
  const traces = await tracesIn(begun.running)
  expect([...traces.keys()]).toEqual(expect.arrayContaining(['$SleepBegan', '$EventArrived', 'Noted', 'Written']))
  expect(new Set(traces.values())).toEqual(new Set([trace]))
  expect(heard).toEqual([{ traceparent }, { traceparent }, { traceparent }])
  expect(asked).toEqual([traceparent])
})

test('a saga that waits for hours keeps no span open, and goes on in its trace', async () => {
  const { tracer, seen } = recordingTracer()
  const begun = started({ telemetry: { tracer } })
  const { running } = begun
  await running.send(Ask('2', { words: [] }), { traceparent })
  await vi.waitFor(async () => expect((await running.saga(sleeps, '2'))?.waiting).toHaveLength(1))
  await vi.waitFor(() => expect(seen.filter(({ isEnded }) => !isEnded)).toEqual([]))
  expect(seen.map(({ name }) => name)).toContain('saga sleeps')
})

test('with a tracer, every span is in the trace and has its parent there, or links to it', async () => {
  const { tracer, seen } = recordingTracer()
  const begun = started({ telemetry: { tracer } })
  await everything(begun)
  await vi.waitFor(() => expect(seen.filter(({ isEnded }) => !isEnded)).toEqual([]), { timeout: 10_000 })
  const ids = new Set(seen.map(({ spanId }) => spanId))
  const batches = seen.filter(({ name }) => /^(project|subscribe)/.test(name))
  expect(new Set(batches.map(({ name }) => name))).toEqual(new Set(['project counts', 'subscribe gathers']))
  for (const { links } of batches) {
    expect(links.length).toBeGreaterThan(0)
    for (const link of links) expect(link.slice(3, 35)).toBe(trace)
  }
  const others = seen.filter((each) => !batches.includes(each))
  for (const { name, traceId, parentId } of others) {
    expect([name, traceId]).toEqual([name, trace])
    if (parentId !== 'b7ad6b7169203331') expect([name, ids.has(parentId!)]).toEqual([name, true])
  }
  for (const name of ['react writes', 'react hears', 'activity Note', 'step note', 'append page', 'command Write'])
    expect(others.map((each) => each.name)).toContain(name)
  expect(seen.filter(({ errorType }) => errorType !== undefined)).toEqual([])
  const activity = seen.find(({ name }) => name === 'activity Note')!
  expect(asked.at(-1)).toBe(`00-${trace}-${activity.spanId}-01`)
  // Each has what its definition lists, and nothing else.
  const definitions = new Map<string, SpanDefinition>(
    Object.values(spans).map((each) => [each.name.split(' ')[0]!, each]),
  )
  for (const { name, attributes } of seen)
    expect(definitions.get(name.split(' ')[0]!)!.attributes).toEqual(expect.arrayContaining(Object.keys(attributes)))
})

test('an event names the span of the command that recorded it', async () => {
  const { tracer, seen } = recordingTracer()
  const { running } = started({ telemetry: { tracer } })
  await running.send(Write('a', { word: 'x' }))
  const [batch] = await Array.fromAsync(running.store.read([{ types: ['Written'] }]))
  const { spanId, traceId, attributes } = seen.find(({ name }) => name === 'command Write')!
  expect(batch!.events[0]!.metadata.traceparent).toBe(`00-${traceId}-${spanId}-01`)
  expect(attributes).toMatchObject({ 'indelible.category': 'page', 'indelible.outcome': 'accepted' })
})

test('a person who decides about a saga is a link: the saga stays in its trace', async () => {
  const { tracer, seen } = recordingTracer()
  const asks = saga('asks', { startsOn: Asked }).ask('may', {
    owner: () => 'boss',
    question: () => 'May I?',
    decision: z.boolean(),
    within: 'forever',
  })
  const { running } = notebook([asks], { telemetry: { tracer } })
  onTestFinished(() => running.close())
  await running.send(Ask('1', { words: [] }), { traceparent })
  await vi.waitFor(async () => expect((await running.saga(asks, '1'))?.waiting).toHaveLength(1))
  const others = traceparent.replaceAll('0af7', '1af7')
  const input = { name: 'asks', id: '1', step: 'may', decision: true }
  await operations.decideSaga.run(running, input, { traceparent: others })
  await running.waitForSaga(asks, '1', patience)
  const turns = seen.filter(({ name }) => name === 'saga asks')
  expect(new Set(turns.map(({ traceId }) => traceId))).toEqual(new Set([trace]))
  const operation = seen.find(({ name }) => name === 'operation decideSaga')!
  expect(turns.flatMap(({ links }) => links.map((link) => link.slice(36, 52)))).toContain(operation.spanId)
})

test.each([
  ['a traceparent', `00-${trace}-b7ad6b7169203331-01`, trace],
  ['a malformed one', '00-xyz', undefined],
  ['one of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
  ['none', undefined, undefined],
])('an operation records %s', async (_, given, expected) => {
  const { running } = started()
  const input = { category: 'page', id: 'a', command: 'Write', input: { word: 'x' } }
  await operations.sendCommand.run(running, input, { traceparent: given })
  expect((await tracesIn(running)).get('Written')).toBe(expected)
  await operations.pauseConsumer.run(running, { name: 'counts' }, { traceparent: given })
  expect((await tracesIn(running)).get('$ConsumerPaused')).toBe(expected)
})

const broken = (): never => {
  throw new Error('the tracer is broken')
}
const soundSpan: Span = { traceparent: undefined, set: () => {}, within: (work) => work(), end: () => {} }
const brokenTracers: Readonly<Record<string, Tracer>> = {
  start: { start: broken },
  set: { start: () => ({ ...soundSpan, set: broken }) },
  'within before the work': { start: () => ({ ...soundSpan, within: broken }) },
  'within after the work': { start: () => ({ ...soundSpan, within: (work) => work().then(broken) }) },
  'within that never ends': {
    start: () => ({ ...soundSpan, within: (work) => work().then(() => new Promise(() => {})) }),
  },
  'within that does not run the work': { start: () => ({ ...soundSpan, within: () => new Promise(() => {}) }) },
  end: { start: () => ({ ...soundSpan, end: broken }) },
  traceparent: {
    start: () => ({
      ...soundSpan,
      get traceparent() {
        return broken()
      },
    }),
  },
  'a traceparent that is none': { start: () => ({ ...soundSpan, traceparent: 'nonsense' }) },
}

test.each(Object.keys(brokenTracers))('a tracer whose %s is broken breaks nothing', async (where) => {
  const begun = started({ telemetry: { tracer: brokenTracers[where] } })
  await everything(begun)
  expect(new Set((await tracesIn(begun.running)).values())).toEqual(new Set([trace]))
  await expect(begun.running.send(Write('a', { word: 1 } as never))).rejects.toSatisfy((error) =>
    isIndelibleError(error, 'invalid_command'),
  )
})

test('a meter that throws breaks nothing', async () => {
  const meter: Meter = { record: broken, observe: broken }
  await everything(started({ telemetry: { meter } }))
})

test('a meter gets each command and each append, and whatever a system shows when it asks', async () => {
  const recorded: unknown[] = []
  const observers: Parameters<Meter['observe']>[0][] = []
  const meter: Meter = {
    record: ({ name }, value, attributes) => {
      expect(value).toBeGreaterThan(0)
      recorded.push([name, ...Object.values(attributes)].join(' '))
    },
    observe: (observer) => void observers.push(observer),
  }
  const { running } = started({ telemetry: { meter } })
  await running.send(Write('a', { word: 'x' }), { commandId: '1' })
  await running.send(Write('a', { word: 'x' }), { commandId: '1' })
  await running.send(Write('a', { word: 'nothing' }))
  await running.send(Write('a', { word: 'y' }), { expectedVersion: 7 })
  await running.send(Write('a', { word: 1 } as never)).catch(() => {})
  const outcomes = ['accepted', 'duplicate', 'refused', 'conflict', 'failed']
  for (const outcome of outcomes) expect(recorded).toContain(`indelible.command.duration page Write ${outcome}`)
  for (const outcome of ['written', 'duplicate']) expect(recorded).toContain(`indelible.append.duration ${outcome}`)
  // A command that is not declared makes no series.
  await running.send({ category: 'page', id: 'a', type: 'Nope', input: {} } as never).catch(() => {})
  expect(recorded.filter((each) => String(each).includes('Nope'))).toEqual([])

  await running.waitFor(counts, (await running.store.head()).position, patience)
  await Promise.all(observers.map(({ read }) => read()))
  await vi.waitFor(async () => {
    const shown = (await Promise.all(observers.map(({ read }) => read()))).flat()
    const unseen = Object.values(instruments)
      .map(({ name }) => name)
      // Those of tenants are shown where there are tenants.
      .filter((name) => !name.startsWith('indelible.tenant'))
      .filter((name) => !shown.some(({ instrument }) => instrument.name === name))
    // Durations are recorded, no append was refused, memory does not sync, and the process is alone.
    expect(unseen).toEqual([
      'indelible.command.duration',
      'indelible.append.duration',
      'indelible.store.durability',
      'indelible.store.refused_appends',
      'indelible.store.syncs',
      'indelible.store.sync.time',
      'indelible.lease.held',
    ])
    for (const { instrument, attributes } of shown) expect(instrument.attributes).toEqual(Object.keys(attributes))
  })
})

test('where nobody wants to know, a command says nothing', async () => {
  const { running } = started()
  const told = [vi.spyOn(running.telemetry, 'traced'), vi.spyOn(running.telemetry, 'record')]
  await running.send(Write('a', { word: 'x' }))
  for (const each of told) expect(each).not.toHaveBeenCalled()
})

test('the lists of spans and instruments name only attributes that are listed', () => {
  const named = [...Object.values(spans), ...Object.values(instruments)].flatMap((each) => [...each.attributes])
  expect(named.filter((name) => !Object.hasOwn(attributes, name))).toEqual([])
  expect(new Set(Object.values(instruments).map(({ name }) => name)).size).toBe(Object.keys(instruments).length)
})
