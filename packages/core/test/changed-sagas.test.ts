// Sagas that meet code which is no longer, or not yet, what it must be: they need intervention, name what is wrong, compensate nothing, and go on once it is mended.

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
  type SagaState,
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
/** What becomes of a note is up to its text. */
const Note = book.command('Note', {
  input: z.object({ text: z.string() }),
  emits: [Noted],
  refuses: ['No'],
  decide: (_state, { text }) => {
    if (text === 'bug') throw new TypeError('a bug in decide')
    return text.startsWith('no ') ? refuse('No') : Noted({ text })
  },
})

/** A step with the note that it makes and the one that takes it back, if any. */
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

/** Past the checks of a system: what is sent may be declared by nobody. */
function start(
  steps: Steps,
  store: EventStore,
  { clock = manualClock(), commands = shop.commands }: { clock?: Clock; commands?: readonly AnyCommandType[] } = {},
) {
  const buy = steps.reduce(
    (buy, { name, send, ...rest }) => buy.step(name, { ...send, ...rest }),
    saga('buy', { startsOn: Ordered }),
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

/** Runs a saga with some steps until it waits for help. Gives its store. */
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
    // Mended and restarted, it goes on by itself.
    expect(await ends([step('charge'), step('ship')], store)).toMatchObject({ status: 'completed' })
    expect(await notesIn(store)).toEqual(['charge', 'ship'])
  })
}

test('a saga that compensates never ends while a step that is not in the code has not been undone', async () => {
  const store = await until([step('a'), step('b'), step('c', { compensate: halted.send }), refused])
  for (const changed of [
    [step('a'), step('c'), refused],
    [step('b'), step('c'), refused],
    [step('a'), step('b'), step('c2'), refused],
  ]) {
    const { system } = start(changed, store)
    expect(await problem(system)).toMatch(/step "[abc]" was done, but the code has no step of that name/)
    await system.close()
  }
  expect(await notesIn(store)).toEqual(['a', 'b', 'c'])
  expect(await ends([step('a'), step('b'), step('c'), refused], store)).toMatchObject({
    status: 'compensated',
    done: [],
  })
  expect(await notesIn(store)).toEqual(['a', 'b', 'c', 'unc', 'unb', 'una'])
})

test('a step that lost its compensation after it was done is noticed when it is to be compensated, and only then', async () => {
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

test('a step that never had a compensation is no change, and one that got a compensation is compensated', async () => {
  const { compensate: _, ...without } = step('a')
  const store = await until([without, { ...halted, name: 'b' }])
  expect(await ends([without, { ...refused, name: 'b' }], store)).toMatchObject({ status: 'compensated', done: ['a'] })

  const other = await until([without, { ...halted, name: 'b' }])
  expect(await ends([step('a'), { ...refused, name: 'b' }], other)).toMatchObject({ status: 'compensated', done: [] })
  expect(await notesIn(other)).toEqual(['a', 'una'])
})

test('steps that stand in another order are each done once, and undone in the reverse order of what happened', async () => {
  const store = await until([step('a'), step('b'), halted])
  expect(await ends([step('new'), step('b'), step('a'), refused], store)).toMatchObject({ status: 'compensated' })
  expect(await notesIn(store)).toEqual(['a', 'b', 'new', 'unnew', 'unb', 'una'])
})

test('a command that was sent for a step that is gone is not sent again, and not forgotten', async () => {
  const clock = manualClock()
  const store = memoryStore()
  // The process dies when the command is recorded, before it is sent or before its answer is.
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
      expect((await first.system.saga(first.buy, id))?.pending?.step ?? (await first.system.health())).toBe('a'),
    )
    await first.system.close()

    const second = start([step('b')], store, { clock })
    await soon(async () => {
      const [status] = await statuses(second.system, 'saga')
      const problems = status!.needsIntervention.filter(({ sagaId }) => sagaId === id)
      expect(problems).toMatchObject([{ problem: expect.stringContaining('step "a" was') }])
    })
    await second.system.close()
    // However long it takes somebody to mend the code, the step does not run out of time meanwhile.
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
  ['a command to nobody', { ...note('a'), to: () => undefined as never }, /made no command: "to" returned undefined/],
  ['a command to a promise', { ...note('a'), to: (async () => '1') as never }, /made no command: "to" returned/],
  ['what is no JSON', { ...note('a'), input: () => ({ text: 1n }) }, /could not make its command.*BigInt/],
]

test.each(faults)(
  'a step that sends %s needs intervention, names step and command, and compensates nothing',
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

      // The same again writes nothing; however long it takes, the step does not run out of time.
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

test('the mend may be in the system and not in the saga', async () => {
  const store = memoryStore()
  const first = start([step('a')], store, { commands: [Order] })
  await first.system.send(Order('1', {}))
  expect(await problem(first.system)).toContain('unknown_command')
  await first.system.close()
  expect(await ends([step('a')], store)).toMatchObject({ status: 'completed' })
})

test('a compensation that cannot be carried out needs intervention, is not taken for refused, and goes on when resumed', async () => {
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

test('a command that had been carried out counts as done, also where the code could no longer carry it out', async () => {
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
  // Nobody declares the command any more.
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

/** Runs the saga until it has ended or waits for help. */
async function atRest(steps: Steps, store: EventStore): Promise<SagaState> {
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

test('whatever becomes of the code, no step is done or compensated twice, and none that had a compensation is left when a saga has ended compensated', async () => {
  const deployments = fc.array(deployment, { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(deployments, fc.boolean(), async (deployments, isRefused) => {
      const store = memoryStore()
      await store.append({ events: [{ stream: 'order-1', type: 'Ordered', data: {} }] })
      const last = isRefused ? [refused] : []
      let state: SagaState | undefined
      for (const each of deployments) {
        const steps = deployed(each)
        state = await atRest([...(steps.length + last.length > 0 ? steps : [step('a')]), ...last], store)
      }
      if (state!.status !== 'completed' && state!.status !== 'compensated') {
        // All that was ever done is in the code again, and nothing halts.
        const names = new Set([...state!.done, ...(state!.pending ? [state!.pending.step] : []), 'a', 'b', 'c'])
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
      // Backwards in the order in which they were done.
      const undone = notes.filter((text) => text.startsWith('un')).map((text) => text.slice(2))
      expect(undone).toEqual(dones.filter(isUndone).toReversed())
    }),
    { numRuns: 100 },
  )
})
