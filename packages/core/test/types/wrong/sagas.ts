// Mistakes in sagas: what starts them, and what their steps send.
import { saga } from 'indelible'
import { DeliverParcel, delivery, ParcelPosted, PostParcel } from '../parcels.ts'

// TS2739: Type 'CommandType<"PostParcel", … is missing the following properties from type 'EventType<
saga('delivery', { startsOn: PostParcel })

// TS2741: Property 'to' is missing in type '{ too: string; }' but required in type '{ to: string; grams?: number | undefined; }'.
delivery.step('post', { command: PostParcel, to: () => '', input: ({ signedBy }) => ({ too: signedBy }) })

// TS2322: Type 'number' is not assignable to type 'string'.
delivery.step('post', { command: PostParcel, to: () => '', input: () => ({ to: 5 }) })

// TS2551: Property 'signed' does not exist on type '{ signedBy: string; }'. Did you mean 'signedBy'?
delivery.step('post', { command: PostParcel, to: (data) => data.signed, input: () => ({ to: '' }) })

// TS2322: Type 'number' is not assignable to type 'string'.
delivery.step('post', { command: PostParcel, to: () => 5, input: () => ({ to: '' }) })

// TS2741 (TS2345 by 5.9): Property 'input' is missing in type
delivery.step('post', { command: PostParcel, to: () => '' })

// TS2740: Type 'EventType<"ParcelPosted", … is missing the following properties from type 'CommandType<
delivery.step('post', { command: ParcelPosted, to: () => '', input: () => ({ to: '' }) })

delivery.step('deliver', {
  command: DeliverParcel,
  to: ({ signedBy }) => signedBy,
  input: (data) => data,
  // TS2322: Type 'number' is not assignable to type 'string'.
  compensate: { command: PostParcel, to: ({ signedBy }) => signedBy, input: () => ({ to: 5 }) },
  // TS2322: Type 'number' is not assignable to type 'string'.
  timeout: 60,
})

delivery.step('deliver', {
  command: DeliverParcel,
  // TS2339: Property 'saga' does not exist on type 'SagaContext'.
  to: (_data, { saga }) => saga,
  input: (data) => data,
})
