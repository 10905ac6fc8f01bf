// What the compiler finds out by itself. The assertions hold when the types are checked; running them shows only that the declarations are allowed.
import {
  type AggregateKind,
  aggregate,
  boolean,
  type CommandHome,
  type CommandOutcome,
  type CommandType,
  command,
  type DomainEvent,
  defineSystem,
  type EventType,
  event,
  json,
  type NoDetails,
  projection,
  type RecordedEvent,
  type Refusal,
  type RunningSystem,
  refuse,
  removal,
  saga,
  text,
  type Where,
} from 'indelible'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  customer,
  DeliverParcel,
  NameCustomer,
  none,
  ParcelDelivered,
  ParcelLost,
  ParcelPosted,
  type ParcelState,
  PostParcel,
  parcel,
  parcels,
  ShelfTaken,
  shelves,
  TakeShelf,
  TooHeavy,
} from './parcels.ts'

test('handlers of an aggregate get the whole state and the data of their event, and may return any form of the state', () => {
  const lossy = parcel.on(ParcelLost, (state, data, event) => {
    expectTypeOf(state).toEqualTypeOf<ParcelState>()
    expectTypeOf(data).toEqualTypeOf<{ reason: string }>()
    expectTypeOf(event).toEqualTypeOf<DomainEvent<'ParcelLost', { reason: string }>>()
    if (state.status !== 'underway') return { status: 'none' }
    expectTypeOf(state.grams).toEqualTypeOf<number>()
    return { ...state, grams: 0 }
  })
  expectTypeOf(lossy.initialState).toEqualTypeOf<ParcelState>()
  expectTypeOf(lossy.events[0]).toExtend<typeof ParcelPosted | typeof ParcelDelivered | typeof ParcelLost | undefined>()
})

test('an event takes what its schema takes, and carries what the schema makes of it', () => {
  expectTypeOf(ParcelPosted).parameter(0).toEqualTypeOf<{ to: string; grams?: number | undefined }>()
  expectTypeOf(ParcelPosted({ to: 'Ann' })).toEqualTypeOf<DomainEvent<'ParcelPosted', { to: string; grams: number }>>()
})

test('data may be optional, nested, of several forms, bytes, or not known', () => {
  const nested = z.object({ lines: z.array(z.object({ note: z.string().optional(), amount: z.number().nullable() })) })
  const forms = z.discriminatedUnion('by', [
    z.object({ by: z.literal('post'), to: z.string() }),
    z.object({ by: z.literal('hand'), name: z.string() }),
  ])
  expectTypeOf(event('Nested', nested).schema['~standard'].vendor).toEqualTypeOf<string>()
  expectTypeOf(event('Sent', forms)).parameter(0).toEqualTypeOf<z.infer<typeof forms>>()
  expectTypeOf(event('Free', z.unknown())).parameter(0).toEqualTypeOf<unknown>()
  expectTypeOf(event('Any', z.any())).parameter(0).toBeAny()
  expectTypeOf(event('Scan', z.instanceof(Uint8Array)))
    .parameter(0)
    .toExtend<Uint8Array>()
  expectTypeOf(event('Record', z.record(z.string(), z.number())))
    .parameter(0)
    .toEqualTypeOf<Record<string, number>>()
})

test('a schema that is written by hand is typed by where it stands', () => {
  const Weighed = event('Weighed', {
    '~standard': {
      version: 1,
      vendor: 'ours',
      validate: (value) => {
        expectTypeOf(value).toEqualTypeOf<unknown>()
        return { value: { grams: Number(value) } }
      },
    },
  })
  expectTypeOf(Weighed).returns.toEqualTypeOf<DomainEvent<'Weighed', { grams: number }>>()
})

test('an upcast gets the data of the version before and gives those of the next', () => {
  const Priced = event('Priced', z.object({ amount: z.number() }))
    .next(z.object({ cent: z.int() }))
    .upcast((old) => {
      expectTypeOf(old).toEqualTypeOf<{ amount: number }>()
      return { cent: old.amount * 100 }
    })
    .next(z.object({ cents: z.int(), currency: z.enum(['CZK', 'EUR']) }))
    .upcast(({ cent }) => ({ cents: cent, currency: 'EUR' }))
  type Newest = { cents: number; currency: 'CZK' | 'EUR' }
  expectTypeOf(Priced).returns.toEqualTypeOf<DomainEvent<'Priced', Newest>>()
  const Bought = event('Bought', z.object({ cents: z.int() })).formerly(Priced, (old) => {
    expectTypeOf(old).toEqualTypeOf<Newest>()
    return { cents: old.cents }
  })
  expectTypeOf(Bought).toEqualTypeOf<EventType<'Bought', { cents: number }, { cents: number }>>()
})

test('decide gets state, input and context, and answers with what the command declares', () => {
  parcel.command('LoseParcel', {
    input: z.object({ reason: z.string().default('unknown') }),
    emits: [ParcelPosted, ParcelDelivered],
    refuses: ['NotUnderway', 'AlreadyLost', TooHeavy],
    visibility: 'internal',
    decide: (state, input, context) => {
      expectTypeOf(state).toEqualTypeOf<ParcelState>()
      expectTypeOf(input).toEqualTypeOf<{ reason: string }>()
      expectTypeOf(context.issuedAt).toEqualTypeOf<string>()
      if (state.status === 'none') return refuse('NotUnderway')
      if (state.status === 'delivered') return [ParcelDelivered(state), ParcelPosted({ to: state.signedBy })]
      if (state.grams > 5) return TooHeavy({ gramsMax: 5 })
      return state.grams > 4 ? refuse('AlreadyLost') : []
    },
  })
  parcel.command('DoNothing', { input: z.object({}), emits: [], decide: () => [] })
  parcel.command('AlwaysRefused', { input: z.object({}), emits: [], refuses: ['No'], decide: () => refuse('No') })
})

test('a command takes what its schema takes, and its refusals are those that are declared and those of values that are taken', () => {
  expectTypeOf(PostParcel).toEqualTypeOf<
    CommandType<
      'PostParcel',
      { to: string; grams?: number | undefined },
      Refusal<'ParcelExists', NoDetails> | Refusal<'TooHeavy', { gramsMax: number }>,
      CommandHome<
        RecordedEvent<'ParcelPosted', { to: string; grams: number }>,
        AggregateKind<
          'parcel',
          ParcelState,
          | RecordedEvent<'ParcelPosted', { to: string; grams: number }>
          | RecordedEvent<'ParcelDelivered', { signedBy: string }>
        >,
        'public'
      >
    >
  >()
  expectTypeOf(NameCustomer).toEqualTypeOf<
    CommandType<
      'NameCustomer',
      { name: string },
      Refusal<'NoName', NoDetails> | Refusal<'EmailTaken', { readonly field: string; readonly value: string | number }>,
      CommandHome<
        RecordedEvent<'ParcelPosted', { to: string; grams: number }>,
        AggregateKind<
          'customer',
          { email: string | null; name: string },
          RecordedEvent<'ParcelPosted', { to: string; grams: number }>
        >,
        'public'
      >
    >
  >()
  expectTypeOf(TakeShelf).toEqualTypeOf<
    CommandType<
      'TakeShelf',
      { depotId: string; parcelId: string },
      Refusal<'DepotFull', NoDetails>,
      CommandHome<
        RecordedEvent<'ShelfTaken', { depot: string; parcel: string }>,
        AggregateKind<'shelf', undefined, RecordedEvent<'ShelfTaken', { depot: string; parcel: string }>>,
        'public'
      >
    >
  >()
})

test('unique names members of any form of the state', () => {
  const two = aggregate('parcel', { initialState: none, unique: { to: 'AddressTaken', signedBy: 'SignerTaken' } })
  expectTypeOf(two.unique).toEqualTypeOf<Readonly<Record<string, 'AddressTaken' | 'SignerTaken'>>>()
  expectTypeOf(customer.unique).toEqualTypeOf<Readonly<Record<string, 'EmailTaken'>>>()
  expectTypeOf(parcel.unique).toEqualTypeOf<Readonly<Record<string, never>>>()
})

test('refuse has a type of its own where no command is near', () => {
  expectTypeOf(refuse('Anything')).toEqualTypeOf<Refusal<'Anything', NoDetails>>()
  const gone = () => refuse('Gone')
  parcel.command('Find', { input: z.object({}), emits: [], refuses: ['Gone', 'Hidden'], decide: () => gone() })
})

test('facts have the type of their decision model, by the names under which they are consulted', () => {
  const consults = { here: shelves.by({ depot: 'depotId' }), there: shelves.by({ depot: 'otherId' }) }
  command('MoveShelf', {
    category: 'shelf',
    input: z.object({ depotId: z.string(), otherId: z.string() }),
    emits: [ShelfTaken],
    consults,
    decide: (facts, input, context) => {
      expectTypeOf(facts).toEqualTypeOf<{ readonly here: { taken: number }; readonly there: { taken: number } }>()
      expectTypeOf(context.facts).toEqualTypeOf(facts)
      return facts.here.taken > facts.there.taken ? [] : ShelfTaken({ depot: input.otherId, parcel: '' })
    },
  })
  parcel.command('Shelve', {
    input: z.object({ depotId: z.string(), otherId: z.string() }),
    emits: [],
    consults,
    decide: (_state, _input, { facts }) => {
      expectTypeOf(facts.here).toEqualTypeOf<{ taken: number }>()
      return []
    },
  })
  shelves.on(event('ShelfFreed', z.object({ depot: z.string() }), { tags: { depot: 'depot' } }), (state, data) => {
    expectTypeOf(state).toEqualTypeOf<{ taken: number }>()
    expectTypeOf(data).toEqualTypeOf<{ depot: string }>()
    return { taken: state.taken - 1 }
  })
})

test('handlers of a projection get rows as the columns say, and the recorded event', () => {
  type Row = { parcel_id: string; to: string; grams: number | null }
  type Posted = { to: string; grams: number }
  const shown = parcels
    .write(ParcelPosted, (data, event) => {
      expectTypeOf(data).toEqualTypeOf<Posted>()
      expectTypeOf(event).toEqualTypeOf<RecordedEvent<'ParcelPosted', Posted>>()
      return { parcel_id: event.streamId, to: data.to, grams: null }
    })
    .on(ParcelDelivered, (row, { signedBy }) => {
      expectTypeOf(row).toEqualTypeOf<Row>()
      return row.grams === null ? null : { ...row, to: signedBy }
    })
    .on(
      ParcelLost,
      {
        key: ({ reason }, { streamId }) => [{ parcel_id: streamId }, { parcel_id: reason }],
        initial: (key, { reason }) => {
          expectTypeOf(key).toEqualTypeOf<Partial<Row>>()
          return { parcel_id: 'none', to: reason, grams: 0 }
        },
      },
      (row, { reason }) => {
        expectTypeOf(row).toEqualTypeOf<Row>()
        return [{ ...row, grams: 1 }, removal({ parcel_id: reason })]
      },
    )
  expectTypeOf(shown.name).toEqualTypeOf<'parcels'>()
})

test('a step types the input by the command that it sends, and the data by the event that starts the saga', () => {
  const sent = saga('forward', { startsOn: ParcelPosted }).step('deliver', {
    command: DeliverParcel,
    to: (data, context) => {
      expectTypeOf(data).toEqualTypeOf<{ to: string; grams: number }>()
      return `${data.to}-${context.sagaId}`
    },
    input: ({ to }) => ({ signedBy: to }),
    compensate: { command: PostParcel, to: ({ to }) => to, input: ({ to, grams }) => ({ to, grams }) },
    timeout: '1m',
  })
  defineSystem({ name: 'parcels', commands: [PostParcel, DeliverParcel], sagas: [sent] })
})

test('the answers of nodes have the types of what they make, by their names', () => {
  type Exists = Refusal<'ParcelExists', NoDetails>
  const flow = saga('forward', { startsOn: [ParcelPosted, ParcelLost] })
    .step('post', {
      command: PostParcel,
      to: (data) => {
        expectTypeOf(data).toEqualTypeOf<{ to: string; grams: number } | { reason: string }>()
        return 'copy'
      },
      input: () => ({ to: 'Ann' }),
      answer: ([event]) => {
        expectTypeOf(event).toEqualTypeOf<RecordedEvent<'ParcelPosted', { to: string; grams: number }> | undefined>()
        return { grams: 5 }
      },
      continueOn: ['ParcelExists'],
      compensate: {
        command: PostParcel,
        to: (_data, { answers }) => {
          expectTypeOf(answers.post).toEqualTypeOf<{ grams: number }>()
          return 'copy'
        },
        input: () => ({ to: 'Ann' }),
      },
    })
    .each('parcels', {
      over: (_data, { answers }) => {
        expectTypeOf(answers.post).toEqualTypeOf<{ grams: number } | Exists>()
        return [{ to: 'Ann' }]
      },
      key: ({ to }) => to,
      do: (flow) =>
        flow.step('more', {
          command: PostParcel,
          to: (_data, { item }) => {
            expectTypeOf(item).toEqualTypeOf<{ to: string }>()
            return item.to
          },
          input: (_data, { item }) => item,
          answer: (events) => events.length,
          compensate: 'nothing',
        }),
    })
    .parallel('both', {
      left: (flow) => flow.awaitEvent('lost', ParcelLost, { within: '1h' }),
      right: (flow) => flow.awaitEvent('signed', ParcelDelivered, { within: '1h', otherwise: 'continue' }),
    })
    .choose('how', (_data, { answers }) => (answers.both.right.signed ? 'asked' : 'rested'), {
      asked: (flow) =>
        flow.ask('person', {
          owner: () => 'depot',
          question: () => 'Is it here?',
          decision: z.object({ isHere: z.boolean() }),
          within: 'forever',
        }),
      rested: (flow) => flow.sleep('rest', { for: '1s' }),
    })
  flow.step('last', {
    command: DeliverParcel,
    to: () => 'copy',
    input: (_data, { answers }) => {
      expectTypeOf(answers.parcels.Ann!.more).toEqualTypeOf<number>()
      expectTypeOf(answers.both.left.lost).toEqualTypeOf<{ reason: string }>()
      expectTypeOf(answers.both.right.signed).toEqualTypeOf<{ signedBy: string } | undefined>()
      expectTypeOf(answers.how.asked?.person).toEqualTypeOf<{ isHere: boolean } | undefined>()
      return { signedBy: answers.both.left.lost.reason }
    },
  })
})

test('a child takes data as its saga declares, and the last commands take the input of theirs', () => {
  const child = saga('child', { startsOn: ParcelPosted }).step('deliver', {
    command: DeliverParcel,
    to: ({ to }) => to,
    input: ({ to }) => ({ signedBy: to }),
  })
  saga('parent', {
    startsOn: ParcelDelivered,
    cancelsOn: [ParcelLost, { event: ParcelPosted, correlate: (data) => data.to }],
    onCompleted: { command: DeliverParcel, to: (_data, { sagaId }) => sagaId, input: (data) => data },
    onCompensated: { command: PostParcel, to: ({ signedBy }) => signedBy, input: ({ signedBy }) => ({ to: signedBy }) },
  }).child('child', {
    saga: child,
    id: (_data, { sagaId }) => sagaId,
    data: ({ signedBy }) => ({ to: signedBy, grams: 5 }),
    compensate: 'nothing',
  })
})

test('a saga that only others start sees its data as the schema gives them, and its parent gives them as the schema takes them', () => {
  const refund = saga('refund', {
    data: z.object({ cents: z.int(), currency: z.string().default('EUR') }),
    onCompleted: {
      command: DeliverParcel,
      to: ({ currency }) => currency,
      input: (data) => {
        expectTypeOf(data).toEqualTypeOf<{ cents: number; currency: string }>()
        return { signedBy: data.currency }
      },
    },
  }).step('deliver', {
    command: DeliverParcel,
    to: () => 'x',
    input: (data) => {
      expectTypeOf(data).toEqualTypeOf<{ cents: number; currency: string }>()
      return { signedBy: data.currency }
    },
  })
  saga('parent', { startsOn: ParcelDelivered }).child('refund', {
    saga: refund,
    id: (_data, { sagaId }) => sagaId,
    data: () => ({ cents: 5 }),
    compensate: 'nothing',
  })
})

test('an outcome tells the refusals apart by reason, with the details of each', () => {
  expectTypeOf<RunningSystem['send']>().toBeFunction()
  const told = async (system: RunningSystem) => {
    const outcome = await system.send(PostParcel('1', { to: 'Ann' }), { expectedVersion: 0 })
    expectTypeOf(outcome.status).toEqualTypeOf<'accepted' | 'refused' | 'conflict'>()
    if (outcome.status === 'refused') {
      expectTypeOf(outcome.reason).toEqualTypeOf<'ParcelExists' | 'TooHeavy'>()
      if (outcome.reason === 'TooHeavy') expectTypeOf(outcome.details).toEqualTypeOf<{ gramsMax: number }>()
      else expectTypeOf(outcome.details).toEqualTypeOf<NoDetails>()
    }
    const named = await system.send(NameCustomer('1', { name: 'Ann' }))
    if (named.status === 'refused' && named.reason === 'EmailTaken') {
      expectTypeOf(named.details).toEqualTypeOf<{ readonly field: string; readonly value: string | number }>()
    }
    const rows = await system.select(parcels)
    expectTypeOf(rows).toEqualTypeOf<readonly { parcel_id: string; to: string; grams: number | null }[]>()
  }
  expectTypeOf(told).returns.toEqualTypeOf<Promise<void>>()
})

test('what is asked of a read table is typed by its columns, and gives whole rows', () => {
  const labels = projection('labels', {
    table: { label_id: text().key(), printed: boolean().nullable(), extras: json<{ note: string }>().nullable() },
  })
  const asked = async (system: RunningSystem) => {
    const page = await system.select(parcels, {
      where: { to: 'Ann', grams: { gte: 100, lt: 500, ne: null }, parcel_id: { in: ['1', '2'], notIn: ['3'] } },
      orderBy: ['to', { grams: 'desc' }],
      limit: 10,
    })
    expectTypeOf(page).toEqualTypeOf<readonly { parcel_id: string; to: string; grams: number | null }[]>()
    await system.select(parcels, { orderBy: { grams: 'desc' }, after: page.at(-1) })
    await system.select(parcels, { orderBy: 'grams', after: { grams: null, parcel_id: '1' } })
    await system.select(parcels, { where: { grams: { in: [5, null] }, to: { ne: 'Ann' } } })
    await system.select(labels, { where: { printed: { ne: true }, extras: null }, orderBy: 'printed' })
    await system.select(labels, { where: { printed: null, extras: { ne: null } } })
  }
  expectTypeOf(asked).returns.toEqualTypeOf<Promise<void>>()
  expectTypeOf<keyof Where<(typeof labels)['table']['columns']>>().toEqualTypeOf<'label_id' | 'printed' | 'extras'>()
})

test('an outcome of a command without refusals is accepted or a conflict', () => {
  expectTypeOf<CommandOutcome<never>['status']>().toEqualTypeOf<'accepted' | 'conflict'>()
})
