// Many processes share the work of one system: each consumer, and each partition of a saga, runs in one of them at a time.
import { defineSystem, policy, type RunningSystem, reaction, saga, subscription } from 'indelible'
import type { Observation } from 'indelible/adapter'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Fleet, fleet, type Machine } from './fleet.ts'
import { Ask, Asked, notebook, Sign, Signed, Tear, Withdraw, Write, Written, writing } from './notebook.ts'
import { patience, soon } from './patience.ts'
import { AskMove, moveSaga, PayIn, tills, tillTable } from './till.ts'

let all: Fleet
beforeEach(() => {
  all = fleet()
})
afterEach(() => all.close())

const commands = [Write, Tear, Ask, Sign, Withdraw]

/** What each process runs, by its id. */
const leasesOf = async ({ running }: Machine) =>
  (await running.health()).processes.find(({ isThis }) => isThis)?.leases ?? []
/** Resolves when the work is spread, and nothing changes hands any more. */
const isShared = async (...machines: Machine[]) => {
  let before: unknown
  return await vi.waitFor(
    async () => {
      const leases = await Promise.all(machines.map(leasesOf))
      const known = before
      before = leases
      expect(leases).toEqual(known)
      const counts = leases.map(({ length }) => length)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      expect(Math.min(...counts)).toBeGreaterThan(0)
      return leases
    },
    { timeout: patience.timeoutMs, interval: 700 },
  )
}
/** A process that does not run this one, and the one that does. */
const standingBy = async (machines: readonly Machine[], name: string) => {
  const leases = await isShared(...machines)
  const at = leases.findIndex((each) => each.includes(name))
  expect(at).toBeGreaterThanOrEqual(0)
  return { standing: machines[1 - at]!.running, holder: machines[at]!.running }
}
const isUpToDate = async (running: RunningSystem, names: readonly string[]) => {
  const { position } = await running.store.head()
  for (const name of names) await running.waitFor({ name }, position, patience)
}

/** What a meter is shown when it asks, by instrument. */
function observed(running: RunningSystem) {
  const observers: { read(): Promise<readonly Observation[]> }[] = []
  running.telemetry.attach({ record: () => {}, observe: (observer) => void observers.push(observer) })
  return async () => {
    const shown = (await Promise.all(observers.map(({ read }) => read()))).flat()
    const names = new Set(shown.map(({ instrument }) => instrument.name))
    const of = (name: string) => shown.flatMap(({ instrument, value }) => (instrument.name === name ? [value] : []))
    return new Map([...names].map((name) => [name, of(name)]))
  }
}

describe('consumers are spread', () => {
  const handled: string[] = []
  const names = ['mail', 'print', 'count', 'index', 'copy', 'writes']
  const system = defineSystem({
    name: 'spread',
    commands,
    reactions: ['mail', 'print', 'count'].map((name) =>
      reaction(name, { from: 'beginning' }).on(Written, ({ word }) => void handled.push(`${name}:${word}`)),
    ),
    subscriptions: ['index', 'copy'].map((name) =>
      subscription(name, {
        from: 'beginning',
        on: [Written],
        run: (events) => void events.map(({ data }) => handled.push(`${name}:${(data as { word: string }).word}`)),
      }),
    ),
    policies: [
      policy('writes', { sends: [Write], from: 'beginning' }).on(Asked, ({ words }) =>
        words.map((word) => Write('p', { word })),
      ),
    ],
  })
  beforeEach(() => {
    handled.length = 0
  })

  test('each event is handled once, wherever its consumer runs, and a process that stands by can wait for it', async () => {
    const machines = Array.from({ length: 3 }, () => all.start(system))
    const leases = await isShared(...machines)
    expect(leases.flat().length).toBe(new Set(leases.flat()).size)
    for (const [n, { running }] of machines.entries()) await running.send(Ask(`r${n}`, { words: [`a${n}`, `b${n}`] }))
    for (const { running } of machines) await isUpToDate(running, ['writes'])
    for (const { running } of machines) await isUpToDate(running, names)
    const words = machines.flatMap((_, n) => [`a${n}`, `b${n}`])
    const expected = names.slice(0, 5).flatMap((name) => words.map((word) => `${name}:${word}`))
    expect(handled.toSorted()).toEqual(expected.toSorted())
    const meters = machines.map(({ running }) => observed(running))
    for (const [n, read] of meters.entries()) {
      const values = await read()
      expect(values.get('indelible.processes')).toEqual([3])
      expect(values.get('indelible.lease.held')).toHaveLength(leases[n]!.length)
    }
    for (const { running } of machines) {
      const states = (await running.consumers.list()).flatMap(({ state }) => state)
      expect(new Set(states)).toEqual(new Set(['running', 'standby']))
      const { consumers, processes } = await running.health()
      expect(processes).toHaveLength(3)
      for (const consumer of consumers) {
        if (consumer.state !== 'standby' || 'partitions' in consumer) continue
        expect(processes.find(({ id }) => id === consumer.holder)?.leases).toContain(consumer.name)
        expect(consumer.holderState).toBe('running')
      }
    }
  })

  test('a new process gets work, and what a process ran that ends is taken over at once; nothing is handled twice', async () => {
    const first = all.start(system)
    await first.running.send(Ask('r', { words: ['a'] }))
    await isUpToDate(first.running, names)
    const second = all.start(system)
    await isShared(first, second)
    await second.running.send(Ask('r2', { words: ['b'] }))
    await isUpToDate(second.running, names)
    await first.running.close()
    await second.running.send(Ask('r3', { words: ['c'] }))
    await isUpToDate(second.running, names)
    await soon(async () => {
      for (const { state } of await second.running.consumers.list()) expect(state).toBe('running')
    })
    expect(handled.length).toBe(5 * 3)
    expect(new Set(handled).size).toBe(5 * 3)
  })

  test('what a killed process ran is taken over', async () => {
    const [first, second] = [all.start(system), all.start(system)]
    await isShared(first, second)
    first.kill()
    await second.running.send(Ask('r', { words: ['a', 'b'] }))
    await isUpToDate(second.running, ['writes'])
    await isUpToDate(second.running, names)
    expect(handled.length).toBe(5 * 2)
    expect((await leasesOf(second)).filter((name) => names.includes(name)).toSorted()).toEqual(names.toSorted())
  })

  test('a process that was paused for longer than its leases writes nothing of what it did, and works again', async () => {
    const [first, second] = [all.start(system), all.start(system)]
    await isShared(first, second)
    await first.running.send(Ask('r', { words: ['a'] }))
    await isUpToDate(second.running, names)
    const owned = await leasesOf(first)
    first.freeze()
    await second.running.send(Ask('r2', { words: ['b'] }))
    await isUpToDate(second.running, ['writes'])
    await isUpToDate(second.running, names)
    const since = all.saved.length
    const newest = new Map(owned.map((name) => [name, all.saved.findLast((record) => record.name === name)!]))
    first.thaw()
    await isShared(first, second)
    // What was saved since is of holders with higher tokens, each one revision after the other, and none goes back.
    for (const record of all.saved.slice(since)) {
      const before = newest.get(record.name)
      if (!before) continue
      expect(record.token).toBeGreaterThanOrEqual(before.token!)
      expect(record.checkpoint.position).toBeGreaterThanOrEqual(before.checkpoint.position)
      newest.set(record.name, record)
    }
    await second.running.send(Ask('r3', { words: ['c'] }))
    await isUpToDate(first.running, ['writes'])
    await isUpToDate(first.running, names)
    for (const name of names.slice(0, 5)) for (const word of 'abc') expect(handled).toContain(`${name}:${word}`)
  })
})

describe('what operators do on any process', () => {
  test('a reaction that another process runs is paused, and goes on; what is parked is tried again', async () => {
    const handled: string[] = []
    let isBroken = true
    const mail = reaction('mail', { from: 'beginning', retries: 0 }).on(Written, ({ word }) => {
      if (word === 'bad' && isBroken) throw new Error('no such address')
      handled.push(word)
    })
    const system = defineSystem({ name: 'operated', commands, reactions: [mail] })
    const machines = [all.start(system), all.start(system)] as const
    const { standing, holder } = await standingBy(machines, 'mail')
    await standing.send(Write('p', { word: 'one' }))
    await isUpToDate(standing, ['mail'])
    await standing.consumers.pause(mail)
    await soon(async () => expect(await standing.consumers.show(mail)).toMatchObject({ holderState: 'paused' }))
    await standing.send(Write('p', { word: 'two' }))
    await expect(
      standing.waitFor(mail, (await standing.store.head()).position, { timeoutMs: 700 }),
    ).rejects.toMatchObject({ code: 'wait_timeout' })
    expect(handled).toEqual(['one'])
    await standing.consumers.resume(mail)
    await isUpToDate(standing, ['mail'])
    expect(handled).toEqual(['one', 'two'])
    await standing.send(Write('q', { word: 'bad' }))
    await soon(async () => expect(await holder.consumers.show(mail)).toMatchObject({ parked: [{ type: 'Written' }] }))
    isBroken = false
    await standing.consumers.resume(mail)
    await soon(async () => expect(handled).toEqual(['one', 'two', 'bad']))
  })

  test('a saga that another process runs is paused, answered, cancelled and tried again', async () => {
    let isBroken = true
    const asks = saga('asks', { startsOn: Asked, from: 'beginning' })
      .step('write', writing('p', 'begun'))
      .ask('approve', {
        owner: () => 'editors',
        question: () => 'Shall it stay?',
        within: 'forever',
        decision: Signed.schema,
      })
      .step('sign', {
        command: Write,
        to: () => {
          if (isBroken) throw new Error('a bug')
          return 'p'
        },
        input: () => ({ word: 'signed' }),
      })
    const system = defineSystem({ name: 'asked', commands, sagas: [asks] })
    const machines = [all.start(system, { sagaPartitions: 1 }), all.start(system, { sagaPartitions: 1 })] as const
    const { standing, holder } = await standingBy(machines, 'asks.1.0')
    expect(await standing.consumers.show(asks)).toMatchObject({ state: 'standby' })
    const waiting = (id: string) =>
      soon(async () => expect((await standing.saga(asks, id))?.waiting).toMatchObject([{ for: 'person' }]))
    for (const id of ['stays', 'goes']) await standing.send(Ask(id, { words: [] }))
    await waiting('stays')
    await waiting('goes')
    expect(await standing.cancelSaga(asks, 'goes', { reason: 'no more' })).toBe(true)
    expect(await standing.waitForSaga(asks, 'goes', patience)).toMatchObject({ status: 'compensated' })
    expect(await standing.decide(asks, 'stays', { step: 'approve', decision: { by: 'ann' } })).toBe(true)
    await soon(async () =>
      expect(await holder.consumers.show(asks)).toMatchObject({ needsIntervention: [{ sagaId: 'stays' }] }),
    )
    isBroken = false
    expect(await standing.resumeSaga(asks, 'stays', { actor: 'ann' })).toBe(true)
    expect(await standing.waitForSaga(asks, 'stays', patience)).toMatchObject({ status: 'completed' })
    expect(await standing.resumeSaga(asks, 'stays')).toBe(false)
    await standing.consumers.pause(asks)
    await soon(async () => expect(await holder.consumers.show(asks)).toMatchObject({ state: 'paused' }))
    await standing.send(Ask('later', { words: [] }))
    await standing.consumers.resume(asks)
    await waiting('later')
  })
})

describe('sagas run in partitions', () => {
  const count = 60
  const begin = async (running: RunningSystem) => {
    await running.send(PayIn('a', { amount: 10_000 }))
    for (let n = 0; n < count; n++) await running.send(AskMove(`m${n}`, { from: 'a', to: `b${n % 7}`, amount: 1 }))
  }
  const end = async (running: RunningSystem) => {
    for (let n = 0; n < count; n++)
      expect(await running.waitForSaga(moveSaga, `m${n}`, patience)).toMatchObject({ status: 'completed' })
    const moved = await Array.fromAsync(running.store.read([{ types: ['CashTaken'] }]))
    expect(moved.flatMap(({ events }) => events)).toHaveLength(count)
  }

  test('so that many processes drive them; each once, and tables are spread with them', async () => {
    const machines = Array.from({ length: 4 }, () => all.start(tills))
    await isShared(...machines)
    await begin(machines[0]!.running)
    await end(machines[3]!.running)
    for (const { running } of machines) {
      const { position } = await running.store.head()
      await running.waitFor(tillTable, position, patience)
      await running.waitFor(moveSaga, position, patience)
      expect(await running.consumers.show(moveSaga)).toMatchObject({ partitions: { length: 8 } })
    }
    const driving = (await Promise.all(machines.map(leasesOf))).map(
      (leases) => leases.filter((name) => name.startsWith('move.')).length,
    )
    expect(driving).toEqual([2, 2, 2, 2])
  })

  test('whose number may change while they are under way: nothing is lost, nothing is done twice', async () => {
    const first = all.start(tills, { sagaPartitions: 3 })
    await begin(first.running)
    const second = all.start(tills, { sagaPartitions: 5 })
    const third = all.start(tills, { sagaPartitions: 2 })
    await end(second.running)
    await soon(async () =>
      expect(await first.running.consumers.show(moveSaga)).toMatchObject({ partitions: { length: 2 } }),
    )
    for (const { running } of [first, second, third])
      await running.waitFor(moveSaga, (await running.store.head()).position, patience)
  })
})

test('timers fire once, also when the process dies that waited for them and the partitions change', async () => {
  const sleeps = saga('sleeps', { startsOn: Asked, from: 'beginning' })
    .sleep('nap', { for: '3s' })
    .step('write', { command: Write, to: (_, { sagaId }) => sagaId, input: () => ({ word: 'slept' }) })
  const system = defineSystem({ name: 'sleeping', commands, sagas: [sleeps] })
  const [first, second] = [all.start(system), all.start(system)]
  await isShared(first, second)
  const ids = Array.from({ length: 40 }, (_, n) => `s${n}`)
  for (const id of ids) await second.running.send(Ask(id, { words: [] }))
  for (const id of ids) await soon(async () => expect((await second.running.saga(sleeps, id))?.waiting).toHaveLength(1))
  first.kill()
  const third = all.start(system, { sagaPartitions: 3 })
  for (const id of ids)
    expect(await third.running.waitForSaga(sleeps, id, patience)).toMatchObject({ status: 'completed' })
  const written = (await Array.fromAsync(all.store.read([{ types: ['Written'] }]))).flatMap(({ events }) => events)
  expect(written.map(({ streamId }) => streamId).toSorted()).toEqual(ids.toSorted())
})

test('the Merkle tree grows in one process, and all answer with its checkpoint', async () => {
  const system = defineSystem({ name: 'proved', commands })
  const [first, second] = [all.start(system, { proofs: {} }), all.start(system, { proofs: {} })]
  const tree = { name: '$tree' }
  await first.running.send(Write('p', { word: 'one' }))
  for (const { running } of [first, second]) await isUpToDate(running, ['$tree'])
  const latest = await Promise.all([first, second].map(({ running }) => running.proofs.latest()))
  expect(latest[0]!.keys).toEqual(latest[1]!.keys)
  expect(latest[0]!.keys).toHaveLength(1)
  const isHolder = async ({ running }: Machine) => (await running.consumers.show(tree)).state === 'running'
  const [holder, other] = (await isHolder(first)) ? [first, second] : [second, first]
  holder.freeze()
  await other.running.send(Write('p', { word: 'two' }))
  await isUpToDate(other.running, ['$tree'])
  const checkpoint = Buffer.from((await all.proofFiles.read('checkpoint'))!).toString()
  holder.thaw()
  await soon(async () => expect(await holder.running.consumers.show(tree)).toMatchObject({ state: 'standby' }))
  const size = (text: string) => Number(text.split('\n')[1])
  expect(size(Buffer.from((await all.proofFiles.read('checkpoint'))!).toString())).toBeGreaterThanOrEqual(
    size(checkpoint),
  )
  expect((await holder.running.proofs.latest()).keys).toEqual(latest[0]!.keys)
})

test('a process that has its stores alone names no other, and takes no lease', async () => {
  const { running } = notebook([saga('w', { startsOn: Asked }).step('write', writing('p', 'a'))])
  await running.send(Ask('r', { words: [] }))
  await running.waitForSaga({ name: 'w' }, 'r', patience)
  expect((await running.health()).processes).toEqual([])
  expect(await running.consumers.show({ name: 'w' })).not.toHaveProperty('partitions')
  await running.close()
})

test.each([0, 1.5, 257, '8'])('sagas cannot run in %s partitions', (sagaPartitions) => {
  expect(() => all.start(tills, { sagaPartitions: sagaPartitions as number })).toThrow(
    expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining('1 to 256') }),
  )
})
