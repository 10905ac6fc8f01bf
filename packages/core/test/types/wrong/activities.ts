// Mistakes in activities: what they ask and emit, and what sagas make of them.
import { activity } from 'indelible'
import { z } from 'zod'
import { delivery, ParcelPosted, PostParcel, WeighParcel } from '../parcels.ts'

const input = z.object({ to: z.string() })

// TS2322: Type '"SEND /weighings"' is not assignable to type … `DELETE /${string}`
activity('Weigh', { service: 'scales', input, call: 'SEND /weighings', emits: ParcelPosted })

// TS2322: Type '"POST weighings"' is not assignable to type … `DELETE /${string}`
activity('Weigh', { service: 'scales', input, call: 'POST weighings', emits: ParcelPosted })

activity('Weigh', {
  service: 'scales',
  input,
  call: 'POST /weighings',
  emits: ParcelPosted,
  // TS2322: Type '"/weighings/{idempotencyKey}"' is not assignable to type … `DELETE /${string}`
  giveUp: '/weighings/{idempotencyKey}',
})

// TS2322 (TS2740 by 5.9): is missing the following properties from type 'EventType<string, any, any>'
activity('Weigh', { service: 'scales', input, call: 'POST /weighings', emits: [ParcelPosted] })

// TS2322 (TS2740 by 5.9): Type 'CommandType<"PostParcel", … is missing the following properties from type 'EventType<string, any, any>'
activity('Weigh', { service: 'scales', input, call: 'POST /weighings', emits: PostParcel })

// TS2741 (TS2345 by 5.9): Property 'emits' is missing in type
activity('Weigh', { service: 'scales', input, call: 'POST /weighings' })

// TS2741 (TS2345 by 5.9): Property 'service' is missing in type
activity('Weigh', { input, call: 'POST /weighings', emits: ParcelPosted })

// TS2322: Type 'number' is not assignable to type 'readonly number[]'.
activity('Weigh', { service: 'scales', input, call: 'POST /weighings', emits: ParcelPosted, givenUpBy: 404 })

// TS2322: Type 'number' is not assignable to type 'string'.
WeighParcel('1', { to: 5 })

// TS2741: Property 'to' is missing in type '{ too: string; }' but required in type '{ to: string; grams?: number | undefined; }'.
delivery.step('weigh', { command: WeighParcel, to: () => '', input: ({ signedBy }) => ({ too: signedBy }) })

// TS2820: Type '"NoScale"' is not assignable to type … Did you mean '"NoScales"'?
delivery.step('weigh', { command: WeighParcel, to: () => '', input: () => ({ to: '' }), continueOn: ['NoScale'] })

delivery.step('weigh', {
  command: WeighParcel,
  to: () => '',
  input: () => ({ to: '' }),
  // TS2339: Property 'weight' does not exist on type '{ to: string; grams: number; }'.
  answer: ([event]) => event!.data.weight,
})
