// Mistakes in the commands of an aggregate: what they take, emit, refuse and decide.
import { refuse } from 'indelible'
import { z } from 'zod'
import { ParcelDelivered, ParcelLost, ParcelPosted, PostParcel, parcel, TooHeavy } from '../parcels.ts'

const input = z.object({ to: z.string() })

// TS2741 (TS2345 by 5.9): Property 'emits' is missing in type
parcel.command('LoseParcel', { input, decide: () => [] })

// TS2322: is not assignable to type '"The aggregate has no handler for ParcelLost: add .on(ParcelLost, ...)"'.
parcel.command('LoseParcel', { input, emits: [ParcelLost], decide: () => ParcelLost({ reason: '' }) })

parcel.command('LoseParcel', {
  input,
  // TS2322: is not assignable to type '"The aggregate has no handler for ParcelLost: add .on(ParcelLost, ...)"'.
  emits: [ParcelPosted, ParcelLost],
  decide: (_state, { to }) => ParcelPosted({ to }),
})

// TS2552: Cannot find name 'ParcelLots'. Did you mean 'ParcelLost'?
parcel.command('LoseParcel', { input, emits: [ParcelLots], decide: () => [] })

// TS2322: Type '"ParcelPosted"' is not assignable to type '`The aggregate has no handler for
parcel.command('LoseParcel', { input, emits: ['ParcelPosted'], decide: () => [] })

// TS2740: is missing the following properties from type 'readonly `The aggregate has no handler for … concat, join, slice
parcel.command('LoseParcel', { input, emits: ParcelPosted, decide: () => [] })

// TS2741 (TS2345 by 5.9): Property 'decide' is missing in type
parcel.command('LoseParcel', { input, emits: [ParcelPosted] })

// TS2741 (TS2345 by 5.9): Property 'input' is missing in type
parcel.command('LoseParcel', { emits: [ParcelPosted], decide: () => [] })

// TS2561: Object literal may only specify known properties, but 'refuse' does not exist in type … Did you mean to write 'refuses'?
parcel.command('LoseParcel', { input, emits: [ParcelPosted], refuse: ['Gone'], decide: () => [] })

// TS2322: Type 'string' is not assignable to type 'readonly Refusable[]'.
parcel.command('LoseParcel', { input, emits: [ParcelPosted], refuses: 'Gone', decide: () => [] })

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  refuses: ['Gone', TooHeavy],
  decide: (state) => {
    // TS2345: Argument of type '"Gnoe"' is not assignable to parameter of type … "Gone"
    if (state.status === 'none') return refuse('Gnoe')
    return state.status === 'delivered' ? refuse('Gone') : []
  },
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  refuses: ['Gone'],
  // TS2345: Argument of type '"Gnoe"' is not assignable to parameter of type '"Gone"'.
  decide: (state) => (state.status === 'none' ? refuse('Gnoe') : []),
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  refuses: ['Gone'],
  // TS2322: Type 'Refusal<"Gnoe", NoDetails>' is not assignable to type … '"Gnoe"' is not assignable to type '"Gone"'.
  decide: () => refuse('Gnoe'),
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  // TS2322: '(state: ParcelState) => never[] | Refusal<"Gone", … '"Gone"' is not assignable to type '"The command declares no refusals: add refuses"'.
  decide: (state) => {
    if (state.status === 'none') return refuse('Gone')
    return []
  },
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  // TS2322: Type 'Refusal<"Gone", NoDetails>' is not assignable to type … "The command declares no refusals: add refuses"
  decide: () => refuse('Gone'),
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  refuses: ['Gone'],
  // TS2322: Type … is not assignable to type '(state: ParcelState, … Type '"TooHeavy"' is not assignable to type '"Gone"'.
  decide: (state) => {
    if (state.status === 'none') return TooHeavy({ gramsMax: 5 })
    return refuse('Gone')
  },
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  refuses: ['Gone', TooHeavy],
  // TS2353: Object literal may only specify known properties, and 'grams' does not exist in type '{ gramsMax: number; }'.
  decide: () => TooHeavy({ grams: 5 }),
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  // TS2322: Type 'DomainEvent<"ParcelDelivered", … is not assignable to type 'Decision<DomainEvent<"ParcelPosted",
  decide: () => ParcelDelivered({ signedBy: '' }),
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  // TS2375: Type 'DomainEvent<"ParcelDelivered", … is not assignable to type 'DomainEvent<"ParcelPosted",
  decide: (_state, { to }) => [ParcelPosted({ to }), ParcelDelivered({ signedBy: to })],
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  // TS2322: is not assignable to type '(state: ParcelState, … Type '"ParcelDelivered"' is not assignable to type '"ParcelPosted"'.
  decide: (state) => {
    if (state.status === 'none') return ParcelDelivered({ signedBy: '' })
    return []
  },
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  decide: (state, input) => {
    // TS2367: This comparison appears to be unintentional because the types … and '"gone"' have no overlap.
    if (state.status === 'gone') return []
    // TS2339: Property 'signedBy' does not exist on type 'ParcelState'.
    const signer = state.signedBy
    // TS2339: Property 'too' does not exist on type '{ to: string; }'.
    return ParcelPosted({ to: input.too ?? signer })
  },
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  // TS2322: Type '() => void' is not assignable to type … Type 'void' is not assignable to type 'Decision<
  decide: () => {},
})

parcel.command('LoseParcel', {
  input,
  emits: [ParcelPosted],
  // TS2322: Type 'Promise<never[]>' is not assignable to type 'Decision<
  decide: async () => [],
})

// TS2353: Object literal may only specify known properties, and 'too' does not exist in type '{ to: string; grams?: number
PostParcel('1', { too: '' })

// TS2322: Type 'number' is not assignable to type 'string'.
PostParcel('1', { to: 5 })
