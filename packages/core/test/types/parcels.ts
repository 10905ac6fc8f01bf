// A small domain, written as users write one: the initial state has a type, and nothing else is annotated. The tests of the types use it rightly and wrongly.
import {
  activity,
  aggregate,
  bigint,
  command,
  decisionModel,
  event,
  projection,
  refusal,
  refuse,
  saga,
  text,
} from 'indelible'
import { z } from 'zod'

export const ParcelPosted = event('ParcelPosted', z.object({ to: z.string(), grams: z.int().default(100) }))
export const ParcelDelivered = event('ParcelDelivered', z.object({ signedBy: z.string() }))
export const ParcelLost = event('ParcelLost', z.object({ reason: z.string() }))
export const ShelfTaken = event('ShelfTaken', z.object({ depot: z.string(), parcel: z.string() }), {
  tags: { depot: 'depot' },
})

export const TooHeavy = refusal('TooHeavy', z.object({ gramsMax: z.int() }))

/** A union that literals tell apart. */
export type ParcelState =
  | { readonly status: 'none' }
  | { readonly status: 'underway'; readonly to: string; readonly grams: number }
  | { readonly status: 'delivered'; readonly signedBy: string }

export const none = { status: 'none' } as ParcelState

export const parcel = aggregate('parcel', { initialState: none })
  .on(ParcelPosted, (_state, { to, grams }) => ({ status: 'underway', to, grams }))
  .on(ParcelDelivered, (state, { signedBy }) =>
    state.status === 'underway' ? { status: 'delivered', signedBy } : state,
  )

export const PostParcel = parcel.command('PostParcel', {
  input: z.object({ to: z.string(), grams: z.int().default(100) }),
  emits: [ParcelPosted],
  refuses: ['ParcelExists', TooHeavy],
  decide: (state, { to, grams }) => {
    if (state.status !== 'none') return refuse('ParcelExists')
    return grams > 20_000 ? TooHeavy({ gramsMax: 20_000 }) : ParcelPosted({ to, grams })
  },
})

export const DeliverParcel = parcel.command('DeliverParcel', {
  input: z.object({ signedBy: z.string() }),
  emits: [ParcelDelivered],
  refuses: ['NotUnderway'],
  decide: (state, input) => (state.status === 'underway' ? ParcelDelivered(input) : refuse('NotUnderway')),
})

export const WeighParcel = activity('WeighParcel', {
  service: 'scales',
  input: z.object({ to: z.string(), grams: z.int().default(100) }),
  call: 'POST /weighings',
  emits: ParcelPosted,
  refuses: { 402: TooHeavy, 404: 'NoScales' },
})

/** A product whose members differ by their values: a state that is one object. */
export const customer = aggregate('customer', {
  initialState: { email: null as string | null, name: '' },
  unique: { email: 'EmailTaken' },
}).on(ParcelPosted, (state, { to }) => ({ ...state, email: to }))

export const NameCustomer = customer.command('NameCustomer', {
  input: z.object({ name: z.string() }),
  emits: [ParcelPosted],
  refuses: ['NoName'],
  decide: (_state, { name }) => (name === '' ? refuse('NoName') : []),
})

export const shelves = decisionModel('shelves', { initialState: { taken: 0 }, tags: ['depot'] }).on(
  ShelfTaken,
  ({ taken }) => ({ taken: taken + 1 }),
)

export const TakeShelf = command('TakeShelf', {
  category: 'shelf',
  input: z.object({ depotId: z.string(), parcelId: z.string() }),
  emits: [ShelfTaken],
  refuses: ['DepotFull'],
  consults: { shelves: shelves.by({ depot: 'depotId' }) },
  decide: ({ shelves }, { depotId, parcelId }) =>
    shelves.taken < 100 ? ShelfTaken({ depot: depotId, parcel: parcelId }) : refuse('DepotFull'),
})

export const parcels = projection('parcels', {
  table: { parcel_id: text().key(), to: text(), grams: bigint().nullable() },
})

export const delivery = saga('delivery', { startsOn: ParcelDelivered })
