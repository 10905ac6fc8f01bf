// Mistakes in aggregates.
import { aggregate } from 'indelible'
import { none, ParcelLost, ParcelPosted, PostParcel, parcel } from '../parcels.ts'

// TS2552: Cannot find name 'ParcelLots'. Did you mean 'ParcelLost'?
parcel.on(ParcelLots, (state) => state)

// TS2345: Argument of type 'string' is not assignable to parameter of type 'AnyEventType'.
parcel.on('ParcelLost', (state) => state)

// TS2345: Argument of type 'CommandType<"PostParcel", … is not assignable to parameter of type 'AnyEventType'.
parcel.on(PostParcel, (state) => state)

// TS2554: Expected 2 arguments, but got 1.
parcel.on(ParcelLost)

// TS2322: Type '"lots"' is not assignable to type … "delivered"
parcel.on(ParcelLost, () => ({ status: 'lots' }))

// TS2322: is not assignable to type 'ParcelState'. … Property 'signedBy' is missing in type '{ status: "delivered"; }'
parcel.on(ParcelLost, (state) => ({ ...state, status: 'delivered' }))

// TS2322: Type 'string' is not assignable to type 'number'.
parcel.on(ParcelPosted, (_state, { to }) => ({ status: 'underway', to, grams: to }))

// TS2345: Argument of type '(state: ParcelState) => void' … Type 'void' is not assignable to type 'ParcelState'.
parcel.on(ParcelLost, (state) => {
  // TS2367: This comparison appears to be unintentional because the types … and '"lost"' have no overlap.
  state.status === 'lost'
})

// TS2339: Property 'reasn' does not exist on type '{ reason: string; }'.
parcel.on(ParcelLost, (state, { reasn }) => (reasn ? state : none))

// TS2339: Property 'grams' does not exist on type 'ParcelState'. … does not exist on type '{ readonly status: "none"; }'.
parcel.on(ParcelLost, (state) => (state.grams > 5 ? state : none))

// TS2741 (TS2345 by 5.9): Property 'initialState' is missing in type '{}'
aggregate('parcel', {})

// TS2561: 'emial' does not exist in type '{ readonly email?: "Taken"; }'. Did you mean to write 'email'?
aggregate('user', { initialState: { email: '' }, unique: { emial: 'Taken' } })

// TS2561: 'sinedBy' does not exist in type … Did you mean to write 'signedBy'?
aggregate('parcel', { initialState: none, unique: { to: 'AddressTaken', sinedBy: 'SignerTaken' } })

// TS2322: Type 'number' is not assignable to type 'string'.
aggregate('user', { initialState: { email: '' }, unique: { email: 5 } })
