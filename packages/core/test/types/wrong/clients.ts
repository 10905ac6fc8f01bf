// Mistakes with a typed client: names, inputs, outcomes, rows and events that the system does not declare.
import { client } from '@indelible/client'
import { defineSystem } from 'indelible'
import { DeliverParcel, delivery, PostParcel, parcel, parcels, TakeShelf } from '../parcels.ts'

const MoveParcel = parcel.command('MoveParcel', {
  input: PostParcel.input,
  emits: [],
  visibility: 'internal',
  decide: () => [],
})

export const depot = defineSystem({
  name: 'depot',
  commands: [PostParcel, DeliverParcel, MoveParcel, TakeShelf],
  projections: [parcels],
  sagas: [delivery],
})

const api = client<typeof depot>({ url: 'http://localhost' })
const one = api.aggregate('parcel', '1')

// Right.
await one.send('PostParcel', { to: 'Ann' })
await api.aggregate('shelf', '1').send('TakeShelf', { depotId: 'd', parcelId: '1' })

// TS2345: Argument of type '"parcell"' is not assignable to parameter of type '"parcel" | "shelf"'.
api.aggregate('parcell', '1')

// TS2345: Argument of type '"SendParcel"' is not assignable to parameter of type … "PostParcel"
await one.send('SendParcel', { to: 'Ann' })

// TS2345: Argument of type '"MoveParcel"' is not assignable to parameter of type … "PostParcel"
await one.send('MoveParcel', { to: 'Ann' })

// TS2322: Type 'number' is not assignable to type 'string'.
await one.send('PostParcel', { to: 5 })

// TS2561: 'gram' does not exist in type '{ to: string; grams?: number | undefined; }'. Did you mean to write 'grams'?
await one.send('PostParcel', { to: 'Ann', gram: 5 })

const outcome = await one.send('PostParcel', { to: 'Ann' })

if (outcome.status === 'refused') {
  // TS2367: This comparison appears to be unintentional because the types … "ParcelExists" … and '"TooHevy"' have no overlap.
  if (outcome.reason === 'TooHevy') console.log()
  // TS2339: Property 'gramsMax' does not exist on type
  console.log(outcome.details.gramsMax)
}

// TS2345: Argument of type '"parcel"' is not assignable to parameter of type '"parcels"'.
api.table('parcel')

// TS2561: 'gram' does not exist in type 'Where< … Did you mean to write 'grams'?
await api.table('parcels').page({ where: { gram: 5 } })

// TS2345: Argument of type '"deliver"' is not assignable to parameter of type '"delivery"'.
api.saga('deliver', '1')

// TS2820: Type '"ParcelPost"' is not assignable to type … Did you mean '"ParcelPosted"'?
api.events({ types: ['ParcelPost'] })

for await (const event of one.events()) {
  // TS2367: This comparison appears to be unintentional because the types … "ParcelPosted" … and '"ParcelLost"' have no overlap.
  if (event.type === 'ParcelLost') console.log()
  // TS2339: Property 'signedBy' does not exist on type
  if (event.type === 'ParcelPosted') console.log(event.data.signedBy)
}

// TS2344: Type 'string' does not satisfy the constraint 'System<Declarations>'.
client<string>({ url: 'http://localhost' })

// TS2345: Argument of type '"parcel"' is not assignable to parameter of type 'never'.
client({ url: 'http://localhost' }).aggregate('parcel', '1')
