// Sagas that meet changed code which no longer fits them: they need intervention, name what is wrong, compensate nothing, and continue once the code is fixed.

import fc from 'fast-check'
import {
  type AnyCommandType,
  aggregate,
  type Clock,
  defineSystem,
  type EventStore,
  event,
  IndelibleError,
  type RunningSystem,
  refuse,
  type SagaView,
  saga,
  startSystem,
} from 'indelible'
import { memoryStore } from 'indelible/memory'
import { manualClock } from 'indelible/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { patience, soon } from './patience.ts'
import { parts, statuses } from './till.ts'

const Noted = event('Noted', z.object({ text: z.string() }))
const Ordered = event('Ordered', z.object({}))
const order = aggregate('order', { initialState: {} }).on(Ordered, (state) => state)
const Order = order.command('Order', { input: z.object({}), emits: [Ordered], decide: () => Ordered({}) })
const book = aggregate('book', { initialState: {} }).on(Noted, (state) => state)
/** The text of a note decides whether it is refused. */
const Note = book.command('Note', {
  input: z.object({ text: z.string() }),
  emits: [Noted],
  refuses: ['No'],
  decide: (_state, { text }) => {
    if (text === 'bug') throw new TypeError('a bug in decide')
    return text.startsWith('no ') ? refuse('No') : Noted({ text })
  },
})

/** A step with the command that makes its note, and the one that takes it back, if any. */
interface NoteStep {
  readonly name: string
  readonly send: Sent
  readonly compensate?: Sent
  readonly timeout?: string
}
type Sent = ReturnType<typeof note>
type Steps = readonly NoteStep[]
const note = (text: string) => ({ command: Note as AnyCommandType, to: () => '1', input: (): unknown => ({ text }) })
const step = (name: string, more: Partial<NoteStep> = {}): NoteStep => ({
  name,
  send: note(name),
  compensate: note(`un${name}`),
  ...more,
})
const refused = step('refused', { send: note('no more') })
const halted = step('halted', {
  send: {
    ...note('halted'),
    input: () => {
      throw new Error('a bug in a step')
    },
  },
})

const shop = defineSystem({ name: 's', commands: [Order, Note] })

/** Without the checks of a system, so that it can send a command that nothing declares. */
function start(
  steps: Steps,
  store: EventStore,
  { clock = manualClock(), commands = shop.commands }: { clock?: Clock; commands?: readonly AnyCommandType[] } = {},
) {
  const buy = steps.reduce(
    (buy, { name, send, ...rest }) => buy.step(name, { ...send, ...rest }),
    saga('buy', { startsOn: Ordered, from: 'beginning' }),
  )
  const kept = { ...store, close: async () => {} }
  return { buy, system: startSystem({ ...shop, commands, sagas: [buy] }, parts({ store: kept, clock })) }
}

async function notesIn(store: EventStore): Promise<string[]> {
  const batches = await Array.fromAsync(store.read([{ types: ['Noted'] }]))
  return batches.flatMap(({ events }) => events.map(({ data }) => (data as { text: string }).text))
}

async function problem(system: RunningSystem): Promise<string> {
  return await soon(async () => {
    const [status] = await statuses(system, 'saga')
    expect(status).toMatchObject({ active: 0, needsIntervention: [{ sagaId: '1' }] })
    return status!.needsIntervention[0]!.problem
  })
}

/** Runs a saga with some steps until it needs intervention. Returns its store. */
async function until(steps: Steps): Promise<EventStore> {
  const store = memoryStore()
  const { system } = start(steps, store)
  await system.send(Order('1', {}))
  await problem(system)
  await system.close()
  return store
}

async function ends(steps: Steps, store: EventStore) {
  const { buy, system } = start(steps, store)
  const state = await system.waitForSaga(buy, '1', patience)
  await system.close()
  return state
}

for (const [what, changed] of [
  ['renamed', [step('charge2'), step('ship')]],
  ['removed', [step('ship')]],
] as const) {
  test(`a saga whose step was ${what} after it was done waits for help, does it neither twice nor forgets it`, async () => {
    const store = await until([step('charge'), { ...halted, name: 'ship' }])
    const { system } = start(changed, store)
    expect(await problem(system)).toContain('step "charge" was done')
    await expect(system.waitForSaga({ name: 'buy' }, '1', { timeoutMs: 1 })).rejects.toThrow(
      /needs intervention.*"charge"/,
    )
    await system.close()
    expect(await notesIn(store)).toEqual(['charge'])
    // With fixed code and after a restart, the saga continues by itself.
    expect(await ends([step('charge'), step('ship')], store)).toMatchObject({ status: 'completed' })
    expect(await notesIn(store)).toEqual(['charge', 'ship'])
  })
}

test('a compensating saga does not end while a completed step that is missing from the code is not undone', async () => {
  const store = await until([step('a'), step('b'), step('c', { compensate: halted.send }), refused])
  for (const changed of [
    [step('a'), step('c'), refused],
    [step('b'), step('c'), refused],
    [step('a'), step('b'), step('c2'), refused],
  ]) {
    const { system } = start(changed, store)
    expect(await problem(system)).toMatch(/step "[abc]" was done, but the code has no step of that name there/)
    await system.close()
  }
  expect(await notesIn(store)).toEqual(['a', 'b', 'c'])
  expect(await ends([step('a'), step('b'), step('c'), refused], store)).toMatchObject({
    status: 'compensated',
    done: [],
  })
  expect(await notesIn(store)).toEqual(['a', 'b', 'c', 'unc', 'unb', 'una'])
})

test('a completed step that lost its compensation is noticed only when it must be compensated', async () => {
  const { compensate: _, ...lost } = step('a')
  const forwards = await until([step('a'), { ...halted, name: 'b' }])
  expect(await ends([lost, step('b')], forwards)).toMatchObject({ status: 'completed' })

  const backwards = await until([step('a'), { ...halted, name: 'b' }])
  const { system } = start([lost, { ...refused, name: 'b' }], backwards)
  expect(await problem(system)).toContain('step "a" had a compensation when it was done')
  await system.close()
  expect(await ends([step('a'), { ...refused, name: 'b' }], backwards)).toMatchObject({
    status: 'compensated',
    done: [],
  })
  expect(await notesIn(backwards)).toEqual(['a', 'una'])
})

test('a step that never had a compensation is not a change, and one that got a compensation is compensated', async () => {
  const { compensate: _, ...without } = step('a')
  const store = await until([without, { ...halted, name: 'b' }])
  expect(await ends([without, { ...refused, name: 'b' }], store)).toMatchObject({ status: 'compensated', done: ['a'] })

  const other = await until([without, { ...halted, name: 'b' }])
  expect(await ends([step('a'), { ...refused, name: 'b' }], other)).toMatchObject({ status: 'compensated', done: [] })
  expect(await notesIn(other)).toEqual(['a', 'una'])
})

test('reordered steps are each done once, and undone in the reverse order in which they were done', async () => {
  const store = await until([step('a'), step('b'), halted])
  expect(await ends([step('new'), step('b'), step('a'), refused], store)).toMatchObject({ status: 'compensated' })
  expect(await notesIn(store)).toEqual(['a', 'b', 'new', 'unnew', 'unb', 'una'])
})

test('a command of a removed step is not sent again, and not forgotten', async () => {
  const clock = manualClock()
  const store = memoryStore()
  // The process dies after the command was recorded, before it was sent or before its answer arrived.
  for (const answered of [false, true]) {
    const id = String(answered)
    const dying = {
      ...store,
      async append(...[commit, options]: Parameters<EventStore['append']>) {
        const isNote = commit.events[0]!.type === 'Noted'
        if (isNote && answered) await store.append(commit, options)
        if (isNote) throw new IndelibleError('store_closed', 'The process has died.')
        return await store.append(commit, options)
      },
    }
    const first = start([step('a', { timeout: '1m' })], dying, { clock })
    await first.system.send(Order(id, {}))
    await soon(async () =>
      expect((await first.system.saga(first.buy, id))?.pending[0]?.step ?? (await first.system.health())).toBe('a'),
    )
    await first.system.close()

    const second = start([step('b')], store, { clock })
    await soon(async () => {
      const [status] = await statuses(second.system, 'saga')
      const problems = status!.needsIntervention.filter(({ sagaId }) => sagaId === id)
      expect(problems).toMatchObject([{ problem: expect.stringContaining('step "a" was') }])
    })
    await second.system.close()
    // The step does not time out while somebody fixes the code, however long that takes.
    clock.advance(3_600_000)
    const third = start([step('a', { timeout: '1m' })], store, { clock })
    expect(await third.system.waitForSaga(third.buy, id, patience)).toMatchObject({ status: 'completed', done: ['a'] })
    await third.system.close()
  }
  expect(await notesIn(store)).toEqual(['a', 'a'])
})

const Typo = book.command('Noet', { input: z.object({ text: z.string() }), emits: [], decide: () => [] })
const typo: Sent = { ...note('a'), command: Typo }
const faults: readonly [string, Sent, RegExp][] = [
  ['a command that nobody declared', typo, /"Noet" to book-1.*unknown_command/],
  ['a command to a stream that cannot be', { ...note('a'), to: () => 'a\nb' }, /invalid_stream_name/],
  ['input that does not fit', { ...note('a'), input: () => ({ text: 5 }) }, /"Note" to book-1.*invalid_command/],
  ['what a decision throws at', note('bug'), /"Note" to book-1.*a bug in decide/],
  [
    'a command to nobody',
    { ...note('a'), to: () => undefined as never },
    /could not make its command: "to" gave undefined/,
  ],
  ['a command to a promise', { ...note('a'), to: (async () => '1') as never }, /could not make its command: "to" gave/],
  ['what is no JSON', { ...note('a'), input: () => ({ text: 1n }) }, /could not make its command.*BigInt/],
]

test.each(faults)(
  'a saga whose step sends %s needs intervention, names the step and the command, and compensates nothing',
  async (_, send, told) => {
    for (const timeout of [undefined, '1m']) {
      const clock = manualClock()
      const store = memoryStore()
      const wrong = step('b', { send, ...(timeout === undefined ? {} : { timeout }) })
      const first = start([step('a'), wrong], store, { clock })
      await first.system.send(Order('1', {}))
      for (let resumed = 0; resumed < 3; resumed++) {
        expect(await problem(first.system)).toMatch(told)
        expect(await problem(first.system)).toContain('tep "b"')
        await first.system.resumeSaga(first.buy, '1')
      }
      await problem(first.system)
      expect(await first.system.saga(first.buy, '1')).toMatchObject({ status: 'running', done: ['a'], failure: null })
      const { position } = await store.head()
      await first.system.close()

      // The same again writes nothing, and the step does not time out, however long the wait is.
      clock.advance(3_600_000)
      const second = start([step('a'), wrong], store, { clock })
      expect(await problem(second.system)).toMatch(told)
      await second.system.close()
      expect((await store.head()).position).toBe(position)

      const mended = start([step('a'), step('b', wrong.timeout === undefined ? {} : { timeout: '1m' })], store, {
        clock,
      })
      expect(await mended.system.waitForSaga(mended.buy, '1', patience)).toMatchObject({
        status: 'completed',
        done: ['a', 'b'],
      })
      await mended.system.close()
      expect(await notesIn(store)).toEqual(['a', 'b'])
    }
  },
)

test('a change of the system, not of the saga, can also fix the saga', async () => {
  const store = memoryStore()
  const first = start([step('a')], store, { commands: [Order] })
  await first.system.send(Order('1', {}))
  expect(await problem(first.system)).toContain('unknown_command')
  await first.system.close()
  expect(await ends([step('a')], store)).toMatchObject({ status: 'completed' })
})

test('a compensation that cannot be carried out needs intervention, does not count as refused, and continues when resumed', async () => {
  let isMended = false
  const store = memoryStore()
  const wrong = step('a', { compensate: { ...note('una'), input: () => ({ text: isMended ? 'una' : 5 }) } })
  const { buy, system } = start([wrong, refused], store)
  await system.send(Order('1', {}))
  expect(await problem(system)).toMatch(/compensation of step "a" sent "Note" to book-1.*invalid_command/)
  expect(await system.saga(buy, '1')).toMatchObject({ status: 'compensating', done: ['a'], compensationFailure: null })
  isMended = true
  expect(await system.resumeSaga(buy, '1')).toBe(true)
  expect(await system.waitForSaga(buy, '1', patience)).toMatchObject({ status: 'compensated', done: [] })
  await soon(async () => expect((await statuses(system, 'saga'))[0]!.needsIntervention).toEqual([]))
  await system.close()
  expect(await notesIn(store)).toEqual(['a', 'una'])
})

test('a command that was carried out counts as done, even if the code can no longer carry it out', async () => {
  const store = memoryStore()
  const dying = {
    ...store,
    async append(...[commit, options]: Parameters<EventStore['append']>) {
      const outcome = await store.append(commit, options)
      if (commit.events[0]!.type === 'Noted') throw new IndelibleError('store_closed', 'The process has died.')
      return outcome
    },
  }
  const first = start([step('a')], dying)
  await first.system.send(Order('1', {}))
  await soon(async () => expect(await notesIn(store)).toEqual(['a']))
  await first.system.close()
  // Nothing declares the command any more.
  const { buy, system } = start([step('a')], store, { commands: [Order] })
  expect(await system.waitForSaga(buy, '1', patience)).toMatchObject({ status: 'completed', done: ['a'] })
  await system.close()
})

const variant = fc.constantFrom('same', 'same', 'renamed', 'removed', 'no compensation', 'halted')
const deployment = fc.record({
  variants: fc.tuple(variant, variant, variant),
  order: fc.constantFrom([0, 1, 2], [1, 0, 2], [2, 1, 0]),
})

function deployed({ variants, order }: { variants: readonly string[]; order: readonly number[] }): Steps {
  return order.flatMap((at) => {
    const [name, variant] = [`${'abc'[at]}`, variants[at]]
    if (variant === 'removed') return []
    if (variant === 'renamed') return [step(`${name}2`)]
    if (variant === 'halted') return [step(name, { send: halted.send })]
    const { compensate: _, ...without } = step(name)
    return [variant === 'no compensation' ? without : step(name)]
  })
}

/** Runs the saga until it ends or needs intervention. */
async function atRest(steps: Steps, store: EventStore): Promise<SagaView> {
  const { buy, system } = start(steps, store)
  for (;;) {
    const [status] = await statuses(system, 'saga')
    const state = await system.saga(buy, '1')
    if (state && status!.state === 'running' && status!.active === 0) {
      await system.close()
      return state
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('for any change of the code, no step is done or compensated twice, and a saga that ended compensated undid every step with a compensation', async () => {
  const deployments = fc.array(deployment, { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(deployments, fc.boolean(), async (deployments, isRefused) => {
      const store = memoryStore()
      await store.append({ events: [{ stream: 'order-1', type: 'Ordered', data: {} }] })
      const last = isRefused ? [refused] : []
      let state: SagaView | undefined
      for (const each of deployments) {
        const steps = deployed(each)
        state = await atRest([...(steps.length + last.length > 0 ? steps : [step('a')]), ...last], store)
      }
      if (state!.status !== 'completed' && state!.status !== 'compensated') {
        // The code contains every step that was ever done, so nothing stops the saga.
        const names = new Set([...state!.done, ...state!.pending.map(({ step }) => step), 'a', 'b', 'c'])
        names.delete('refused')
        state = await atRest([...[...names].map((name) => step(name)), ...last], store)
      }
      const notes = await notesIn(store)
      expect(new Set(notes).size, 'nothing is done twice').toBe(notes.length)
      expect(['completed', 'compensated']).toContain(state!.status)
      const isUndone = (name: string) => notes.includes(`un${name}`)
      if (state!.status === 'completed') expect(notes.filter((text) => text.startsWith('un'))).toEqual([])
      else expect(state!.compensatable).toEqual([])
      const dones = notes.filter((text) => !text.startsWith('un'))
      expect(dones.filter((name) => !isUndone(name))).toEqual(state!.done)
      // In the reverse order in which the steps were done.
      const undone = notes.filter((text) => text.startsWith('un')).map((text) => text.slice(2))
      expect(undone).toEqual(dones.filter(isUndone).toReversed())
    }),
    { numRuns: 100 },
  )
})
