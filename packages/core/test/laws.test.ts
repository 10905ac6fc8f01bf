// The three laws: each test tries to break one.
import {
  aggregate,
  bigint,
  type Command,
  defineSystem,
  event,
  liveModel,
  ProjectionOperator,
  projection,
  startSystem,
  text,
} from 'indelible'
import { memoryStore, memoryTables } from 'indelible/memory'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { CashPaidIn, PayIn, parts, startTills } from './till.ts'

describe('first law: an event is never changed or deleted', () => {
  test('a mistake is corrected by another event: the store and the system offer no other way', async () => {
    await using system = startTills()
    await system.send(PayIn('1', { amount: 5 }))
    const names = new Set<string>()
    for (const offered of [system, Object.getPrototypeOf(system), system.store, memoryStore()]) {
      for (const name of Object.getOwnPropertyNames(offered)) names.add(name)
    }
    expect(
      [...names].filter((name) =>
        /delete|update|remove|truncate|replace|overwrite|drop|purge|scavenge|rewrite/i.test(name),
      ),
    ).toEqual(
      // A table is made from events, and can be made from them again.
      ['dropPreviousTable', 'dropPastTable'],
    )
  })

  test('changes to events that were read do not reach the log', async () => {
    await using system = startTills()
    await system.send(PayIn('1', { amount: 5 }))
    const [batch] = await Array.fromAsync(system.store.read('all'))
    const [recorded] = batch!.events
    expect(() => Object.assign(recorded!, { data: { amount: 9 } })).toThrow(TypeError)
    Object.assign(recorded!.data as object, { amount: 9 })
    const [again] = await Array.fromAsync(system.store.read('all'))
    expect(again!.events[0]!.data).toEqual({ amount: 5 })
  })
})

const offences: Record<string, () => unknown> = {
  'the clock (Date.now)': () => Date.now(),
  'the clock (new Date)': () => new Date(),
  'the clock (performance)': () => performance.now(),
  'the clock (hrtime)': () => process.hrtime(),
  randomness: () => Math.random(),
  'random ids': () => crypto.randomUUID(),
  'the network': () => fetch('http://127.0.0.1:1'),
  timers: () => setTimeout(() => {}, 0),
}

describe('second law: a projector only transforms data', () => {
  test.each(Object.entries(offences))('a handler that uses %s parks its projection', async (_what, offend) => {
    await expect(projectWith(() => void offend())).rejects.toMatchObject({ cause: { code: 'impure_projector' } })
  })

  test('a handler that is asynchronous parks its projection', async () => {
    await expect(projectWith((async () => undefined) as never)).rejects.toMatchObject({
      cause: { code: 'impure_projector' },
    })
  })

  test('a handler that changes its event parks its projection', async () => {
    const offend = (data: { amount: number }) => {
      data.amount = 0
    }
    await expect(projectWith(offend)).rejects.toMatchObject({ cause: { code: 'impure_projector' } })
  })

  test.each(Object.entries(offences))('a key that uses %s parks its projection', async (_what, offend) => {
    await expect(projectWith(() => {}, offend)).rejects.toMatchObject({ cause: { code: 'impure_projector' } })
  })

  test('a key that gives different results for one event, is asynchronous or changes its event parks its projection', async () => {
    let calls = 0
    const changing = (event: { data: { amount: number } }) => {
      event.data.amount++
    }
    for (const offend of [() => `${calls++}`, async () => {}, changing]) {
      await expect(projectWith(() => {}, offend as never)).rejects.toMatchObject({
        code: 'projection_parked',
        details: { position: 1 },
        cause: { code: 'impure_projector' },
      })
    }
  })

  test('the same holds wherever handlers run: in a live model, and in a rebuild or check by a tool', async () => {
    const offending = projection('offending', { table: { till: text().key(), cash: bigint() } }).write(
      CashPaidIn,
      (_data, { streamId }) => ({ till: streamId, cash: Date.now() }),
    )
    const system = defineSystem({ name: 'x', commands: [PayIn], projections: [offending] })
    const [store, tables] = [memoryStore(), memoryTables()]
    await store.append({ events: [{ stream: 'till-1', type: 'CashPaidIn', data: { amount: 5 } }] })
    await tables.open(offending.table)
    await tables.save({
      table: offending.table,
      upserts: [],
      removals: [],
      from: 0,
      to: { position: 1, history: (await store.historyAt(1))! },
    })
    const operator = new ProjectionOperator(system, { store, tables })
    const works = [
      () => liveModel(offending, store),
      () => operator.rebuild('offending'),
      () => operator.verify('offending'),
    ]
    for (const work of works) {
      await expect(work()).rejects.toMatchObject({ code: 'projection_parked', cause: { code: 'impure_projector' } })
    }
    // In trusted mode nothing is checked.
    const domainCode = 'trusted'
    await (await liveModel(offending, store, { domainCode })).close()
    await new ProjectionOperator(system, { store, tables, domainCode }).verify('offending')
  })

  async function projectWith(
    offend: (data: { amount: number }) => void,
    offendInKey?: (event: never) => unknown,
  ): Promise<void> {
    const keyOf = (given: unknown) => (given instanceof Promise ? given : { till: String(given) }) as { till: string }
    const offending = projection('offending', { table: { till: text().key(), cash: bigint() } }).on(
      CashPaidIn,
      {
        initial: (_key, { amount }, { streamId }) => ({ till: streamId, cash: amount }),
        ...(offendInKey && { key: (_data, event) => keyOf(offendInKey(event as never)) }),
      },
      (row, data) => offend(data) ?? row,
    )
    await using system = startSystem(defineSystem({ name: 'x', commands: [PayIn], projections: [offending] }), parts())
    await system.send(PayIn('1', { amount: 5 }))
    await system.waitFor(offending, 1)
  }
})

describe('third law: an aggregate knows only its command and its events', () => {
  test.each(Object.entries(offences))('a decision that uses %s fails and writes nothing', async (_what, offend) => {
    await expect(sendTo({ decide: () => void offend() })).rejects.toMatchObject({ code: 'impure_aggregate' })
  })

  test.each(Object.entries(offences))(
    'an evolution that uses %s fails before anything is written',
    async (_what, offend) => {
      await expect(sendTo({ evolve: () => void offend() })).rejects.toMatchObject({ code: 'impure_aggregate' })
    },
  )

  test('an asynchronous decision fails', async () => {
    await expect(sendTo({ decide: (async () => {}) as never, answerOfDecide: true })).rejects.toMatchObject({
      code: 'impure_aggregate',
    })
  })

  test('a decision that changes the state, and an evolution that changes its event, fail', async () => {
    const decide = (state: { cash: number }) => {
      state.cash = 1_000_000
    }
    const evolve = (data: { amount: number }) => {
      data.amount = 0
    }
    await expect(sendTo({ decide })).rejects.toMatchObject({ code: 'impure_aggregate' })
    await expect(sendTo({ evolve })).rejects.toMatchObject({ code: 'impure_aggregate' })
  })

  test('so does a change inside an object that other code froze', async () => {
    const thing = aggregate('thing', { initialState: Object.freeze({ list: [] as number[] }) }).on(
      CashPaidIn,
      (state, { amount }) => {
        state.list.push(amount)
        return state
      },
    )
    const Add = thing.command('Add', {
      input: CashPaidIn.schema,
      emits: [CashPaidIn],
      decide: (_state, data) => CashPaidIn(data),
    })
    await using system = startSystem(defineSystem({ name: 'x', commands: [Add] }), parts())
    await expect(system.send(Add('1', { amount: 1 }))).rejects.toMatchObject({ code: 'impure_aggregate' })
    expect(thing.initialState.list).toEqual([])
  })

  test('everything a decision may know comes with the command and is recorded with the events', async () => {
    const Stamped = event('Stamped', z.object({ at: z.string(), by: z.string() }))
    const stamp = aggregate('stamp', { initialState: {} }).on(Stamped, (state) => state)
    const Stamp = stamp.command('Stamp', {
      input: z.object({}),
      emits: [Stamped],
      decide: (_state, _input, { issuedAt, actor }) => Stamped({ at: issuedAt, by: actor ?? 'nobody' }),
    })
    await using system = startSystem(defineSystem({ name: 'x', commands: [Stamp] }), parts({ clock: { now: () => 0 } }))
    await system.send(Stamp('1', {}), { actor: 'ann' })
    const [batch] = await Array.fromAsync(system.store.read('all'))
    expect(batch!.events[0]).toMatchObject({
      data: { at: '1970-01-01T00:00:00.000Z', by: 'ann' },
      metadata: { issuedAt: '1970-01-01T00:00:00.000Z', actor: 'ann' },
    })
  })

  test('the globals are restored after the domain code ran, also after it threw', async () => {
    await expect(sendTo({ decide: () => void Math.random() })).rejects.toThrow()
    expect(typeof Date.now()).toBe('number')
    expect(new Date()).toBeInstanceOf(Date)
    expect(Math.random()).toBeLessThan(1)
  })

  /** Sends a command to an aggregate with offending code, and checks that nothing was written. */
  async function sendTo({
    decide,
    evolve,
    answerOfDecide,
  }: {
    decide?: (state: { cash: number }) => void
    evolve?: (data: { amount: number }) => void
    answerOfDecide?: boolean
  }): Promise<void> {
    const offending = aggregate('till', { initialState: { cash: 0 } }).on(CashPaidIn, (state, data) => {
      evolve?.(data)
      return { cash: state.cash + data.amount }
    })
    const Offend = offending.command('Offend', {
      input: z.object({ amount: z.int() }),
      emits: [CashPaidIn],
      decide: (state, { amount }) => {
        const answer = decide?.(state)
        return answerOfDecide ? (answer as never) : CashPaidIn({ amount })
      },
    })
    const command: Command = Offend('1', { amount: 5 })
    await using system = startSystem(defineSystem({ name: 'x', commands: [Offend] }), parts())
    try {
      await system.send(command)
    } finally {
      expect((await system.store.head()).position).toBe(0)
    }
  }
})

test('in production the checks of the laws can be turned off', async () => {
  const idle = aggregate('till', { initialState: {} }).on(CashPaidIn, (state) => (Date.now() > 0 ? state : state))
  const Idle = idle.command('Idle', {
    input: z.object({}),
    emits: [CashPaidIn],
    decide: () => CashPaidIn({ amount: 1 }),
  })
  await using system = startSystem(defineSystem({ name: 'x', commands: [Idle] }), parts({ domainCode: 'trusted' }))
  expect(await system.send(Idle('1', {}))).toMatchObject({ status: 'accepted' })
})
