import { type AnyCommandType, defineSystem, type Policy, policy, type SystemOptions, startSystem } from 'indelible'
import { memoryConsumers, memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { describeSystem } from 'indelible/schema'
import { crashingStore } from 'indelible/testing'
import { expect, expectTypeOf, test, vi } from 'vitest'
import { Ask, Asked, Sign, Signed, Tear, Withdraw, Write, written } from './notebook.ts'

const commands = [Write, Tear, Ask, Sign, Withdraw]

// biome-ignore lint/suspicious/noExplicitAny: whatever it sends
function declared(policies: readonly Policy<any>[]) {
  return defineSystem({ name: 'notebook', commands, policies })
}

// biome-ignore lint/suspicious/noExplicitAny: whatever it sends
function started(policies: readonly Policy<any>[], options: Partial<SystemOptions> = {}) {
  return startSystem(declared(policies), {
    store: memoryStore(),
    tables: memoryTables(),
    snapshots: memorySnapshots(),
    consumers: memoryConsumers(),
    ...options,
  })
}

const writes = policy('writes', { sends: [Write], from: 'beginning' })
  .on(Asked, ({ words }) => words.map((word) => Write('a', { word })))
  .on(Signed, ({ by }, { streamId }) => (by === 'x' ? undefined : Write(streamId, { word: by })))

test('a policy sends commands on events, caused by the event and in its correlation', async () => {
  const running = started([writes])
  await running.send(Ask('1', { words: ['one', 'two'] }), { correlationId: 'c-1' })
  await running.send(Sign('1', { by: 'x' }))
  await running.send(Sign('1', { by: 'ada' }))
  await running.waitFor(writes, (await running.store.head()).position)
  expect(await written(running)).toEqual(['one', 'two', 'ada'])
  const [batch] = await Array.fromAsync(running.store.read('all'))
  const [asked, one] = [
    batch!.events.find(({ type }) => type === 'Asked')!,
    batch!.events.find(({ type }) => type === 'Written')!,
  ]
  expect(one.metadata).toMatchObject({ actor: 'policy:writes', causationId: asked.id, correlationId: 'c-1' })
  expect(await running.consumers.show(writes)).toMatchObject({ kind: 'policy', state: 'running', parked: [] })
  await running.close()
})

test('every command is carried out once, at whichever append the process dies', async () => {
  for (let after = 0; after < 4; after++) {
    for (const isWritten of [false, true]) {
      const [store, consumers] = [memoryStore(), memoryConsumers()]
      const words = ['one', 'two', 'three']
      await store.append({ events: [{ stream: 'request-1', type: 'Asked', data: { words, limit: 1 } }] })
      const dying = crashingStore(store, { after, written: isWritten })
      const first = started([writes], { store: dying, consumers })
      await vi.waitFor(async () => {
        const { position } = await store.head()
        expect(dying.hasCrashed || position === 1 + words.length).toBe(true)
      })
      await first.close()
      const second = started([writes], { store, consumers })
      await second.waitFor(writes, 1)
      expect(await written(second), `after ${after}, written: ${isWritten}`).toEqual(words)
      await second.close()
    }
  }
})

test('a command that former code sent is not sent again by code that gives it another input; another command parks', async () => {
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  await store.append({ events: [{ stream: 'request-1', type: 'Asked', data: { words: ['one'], limit: 1 } }] })
  let isBegun = false
  // It keeps where it begins, and dies before it keeps more.
  const save: typeof consumers.save = async (record) => {
    if (!isBegun) await consumers.save(record)
    isBegun = true
    return 'saved'
  }
  const version = (command: (word: string) => ReturnType<typeof Write | typeof Tear>) =>
    policy('writes', { sends: [Write, Tear], from: 'beginning' }).on(Asked, ({ words }) => words.map(command))
  const kept = { ...store, close: async () => {} }
  const then = version((word) => Write('a', { word }))
  const former = started([then], { store: kept, consumers: { load: (name) => consumers.load(name), save } })
  await former.waitFor(then, 1)
  await former.close()
  const louder = version((word) => Write('a', { word: `${word}!` }))
  const unkept = { load: (name: string) => consumers.load(name), save: async () => 'saved' as const }
  const now = started([louder], { store: kept, consumers: unkept })
  await now.waitFor(louder, 1)
  expect(await now.consumers.show(louder)).toMatchObject({ parked: [] })
  expect(await written(now)).toEqual(['one'])
  await now.close()
  const other = version((word) => Tear('a', { word }))
  const last = started([other], { store: kept, consumers: unkept })
  await vi.waitFor(
    async () =>
      expect(await last.consumers.show(other)).toMatchObject({
        parked: [{ code: 'command_id_reused', stream: 'request-1' }],
      }),
    { timeout: 10_000 },
  )
  expect(await written(last)).toEqual(['one'])
  await last.close()
})

test('a refused command parks its event until a person resumes the policy, unless the policy ignores refusals', async () => {
  const running = started([writes])
  await running.send(Ask('1', { words: ['yes', 'no'] }))
  await running.send(Ask('2', { words: ['other'] }))
  await vi.waitFor(
    async () =>
      expect(await running.consumers.show(writes)).toMatchObject({
        parked: [{ stream: 'request-1', message: 'Write for page-a was refused: Refused.' }],
      }),
    { timeout: 10_000 },
  )
  expect([...(await written(running))].sort()).toEqual(['other', 'yes'])
  await running.close()

  const careless = policy('careless', { sends: [Write], onRefused: 'ignore' }).on(Asked, ({ words }) =>
    words.map((word) => Write('a', { word })),
  )
  const second = started([careless])
  await second.send(Ask('1', { words: ['no', 'yes'] }))
  await second.waitFor(careless, (await second.store.head()).position)
  expect(await written(second)).toEqual(['yes'])
  await second.close()
})

test('an impure policy, or one that sends an unlisted command, parks its event', async () => {
  const impure = policy('impure', { sends: [Write] }).on(Asked, () => Write('a', { word: `${Math.random()}` }))
  const other = policy('other', { sends: [Write] }).on(Asked, () => Tear('a', { word: 'x' }) as never)
  const running = started([impure, other])
  await running.send(Ask('1', { words: [] }))
  const parked = (name: string, message: RegExp) =>
    vi.waitFor(
      async () =>
        expect(await running.consumers.show({ name })).toMatchObject({
          parked: [{ message: expect.stringMatching(message) }],
        }),
      { timeout: 10_000 },
    )
  await parked('impure', /used Math.random/)
  await parked('other', /sent "Tear", which it does not list/)
  await running.close()
})

test('the description of a policy says what it sends on which event', () => {
  expect(describeSystem(declared([writes])).policies).toEqual([
    {
      name: 'writes',
      description: null,
      from: 'beginning',
      onRefused: 'park',
      on: ['Asked', 'Signed'],
      sends: [{ category: 'page', type: 'Write' }],
    },
  ])
  const foreign = policy('foreign', { sends: [Write as AnyCommandType] })
  expect(() =>
    defineSystem({ name: 'empty', commands: [Ask], policies: [foreign.on(Asked, () => undefined)] }),
  ).toThrow('Policy "foreign" sends "Write", which the system does not list. Add it to "commands".')
  policy('typed', { sends: [Write] }).on(Signed, (data, event) => {
    expectTypeOf(data).toEqualTypeOf<{ by: string }>()
    expectTypeOf(event.type).toEqualTypeOf<'Signed'>()
    return []
  })
})
