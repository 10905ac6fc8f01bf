// Mistakes in sagas: what starts and ends them, what their steps send, and what they make of answers.
import { saga } from 'indelible'
import { z } from 'zod'
import { DeliverParcel, delivery, ParcelLost, ParcelPosted, PostParcel } from '../parcels.ts'

const forward = saga('forward', { startsOn: ParcelPosted })

// TS2322: Type 'CommandType<"PostParcel", … is missing the following properties from type 'EventType<
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
  // TS2339: Property 'saga' does not exist on type 'SagaContext<Nothing, undefined>'.
  to: (_data, { saga }) => saga,
  input: (data) => data,
})

const posted = delivery.step('post', {
  command: PostParcel,
  to: ({ signedBy }) => signedBy,
  input: ({ signedBy }) => ({ to: signedBy }),
  answer: ([event]) => ({ grams: event!.data.grams }),
  continueOn: ['ParcelExists'],
  compensate: 'nothing',
})

posted.step('deliver', {
  command: DeliverParcel,
  to: ({ signedBy }) => signedBy,
  // TS2339: Property 'pots' does not exist on type '{ readonly post: Refusal<"ParcelExists", NoDetails> | { grams: number; }; }'.
  input: (_data, { answers }) => ({ signedBy: `${answers.pots}` }),
})

delivery.step('deliver', {
  command: PostParcel,
  to: () => '',
  input: () => ({ to: '' }),
  answer: ([event]) => ({ grams: event!.data.grams }),
  compensate: {
    command: DeliverParcel,
    to: () => '',
    // TS2551: Property 'gram' does not exist on type '{ grams: number; }'. Did you mean 'grams'?
    input: (_data, { answers }) => ({ signedBy: `${answers.deliver.gram}` }),
  },
})

// TS2820: Type '"ParcelExist"' is not assignable to type … Did you mean '"ParcelExists"'?
delivery.step('post', { command: PostParcel, to: () => '', input: () => ({ to: '' }), continueOn: ['ParcelExist'] })

delivery.step('post', {
  command: PostParcel,
  to: () => '',
  input: () => ({ to: '' }),
  // TS2339: Property 'weight' does not exist on type '{ to: string; grams: number; }'.
  answer: ([event]) => event!.data.weight,
})

posted.step('more', {
  command: DeliverParcel,
  to: () => '',
  // TS2339: Property 'grams' does not exist on type 'Refusal<"ParcelExists", NoDetails>'.
  input: (_data, { answers }) => ({ signedBy: `${answers.post.grams}` }),
})

// TS2322: Type '"onFoot"' is not assignable to type '"byAir" | "byShip"'.
posted.choose('how', (_data, { answers }) => ('refused' in answers.post ? 'onFoot' : 'byAir'), {
  byAir: (flow) => flow,
  byShip: (flow) => flow,
})

delivery.parallel('both', {
  left: (flow) =>
    // TS2741: Property 'signedBy' is missing in type '{ signed: string; }' but required in type '{ signedBy: string; }'.
    flow.step('deliver', { command: DeliverParcel, to: () => '', input: ({ signedBy }) => ({ signed: signedBy }) }),
  // TS2322: Type 'string' is not assignable to type 'Flow<
  right: () => 'deliver',
})

delivery.each('parcels', {
  over: ({ signedBy }) => [{ parcel: signedBy, grams: 5 }],
  key: ({ parcel }) => parcel,
  do: (flow) =>
    flow.step('post', {
      command: PostParcel,
      to: (_data, { item }) => item.parcel,
      // TS2551: Property 'gram' does not exist on type '{ parcel: string; grams: number; }'. Did you mean 'grams'?
      input: (_data, { item }) => ({ to: item.parcel, grams: item.gram }),
    }),
})

delivery.each('parcels', {
  over: ({ signedBy }) => [{ parcel: signedBy, grams: 5 }],
  // TS2322: Type 'number' is not assignable to type 'string'.
  key: ({ grams }) => grams,
  do: (flow) => flow.sleep('rest', { for: '1s' }),
})

delivery.each('parcels', {
  // TS2322: Type 'string' is not assignable to type 'readonly unknown[]'.
  over: ({ signedBy }) => signedBy,
  key: () => '',
  do: (flow) => flow.sleep('rest', { for: '1s' }),
})

const decided = delivery.ask('approve', {
  owner: () => 'depot',
  question: ({ signedBy }) => `Did ${signedBy} sign?`,
  decision: z.object({ didSign: z.boolean() }),
  within: '2d',
})

decided.step('deliver', {
  command: DeliverParcel,
  to: () => '',
  // TS2322: Type 'boolean' is not assignable to type 'string'.
  input: (_data, { answers }) => ({ signedBy: answers.approve.didSign }),
})

decided.step('deliver', {
  command: DeliverParcel,
  to: () => '',
  // TS2339: Property 'signed' does not exist on type '{ didSign: boolean; }'.
  input: (_data, { answers }) => ({ signedBy: `${answers.approve.signed}` }),
})

// TS2741 (TS2345 by 5.9): Property 'within' is missing in type '{}' but required in type
delivery.awaitEvent('lost', ParcelLost, {})

// TS2339: Property 'parcel' does not exist on type '{ reason: string; }'.
delivery.awaitEvent('lost', ParcelLost, { correlate: (data) => data.parcel, within: '1h' })

// TS2322: Type '"go on"' is not assignable to type 'Otherwise'.
delivery.awaitEvent('lost', ParcelLost, { within: '1h', otherwise: 'go on' })

delivery.awaitEvent('lost', ParcelLost, { within: '1h', otherwise: 'continue' }).step('deliver', {
  command: DeliverParcel,
  to: () => '',
  // TS18048: 'answers.lost' is possibly 'undefined'.
  input: (_data, { answers }) => ({ signedBy: answers.lost.reason }),
})

// TS2322: Type 'number' is not assignable to type 'string'.
delivery.sleep('rest', { until: () => 5 })

// TS2322: Type 'string' is not assignable to type 'number'.
delivery.child('forward', { saga: forward, id: () => '', data: ({ signedBy }) => ({ to: signedBy, grams: 'many' }) })

const refund = saga('refund', { data: z.object({ cents: z.int() }) })

// TS2322: Type 'string' is not assignable to type 'number'.
delivery.child('refund', { saga: refund, id: () => '', data: () => ({ cents: 'many' }) })

// TS2339: Property 'cent' does not exist on type '{ cents: number; }'.
refund.step('post', { command: PostParcel, to: () => '', input: ({ cent }) => ({ to: `${cent}` }) })

// TS2345: Argument of type '{}' is not assignable
saga('starts', {})

saga('ends', {
  startsOn: ParcelPosted,
  // TS2322: Type 'number' is not assignable to type 'string'.
  onCompleted: { command: DeliverParcel, to: () => '', input: () => ({ signedBy: 5 }) },
})

// TS2322: Type 'CommandType<"DeliverParcel", … is missing the following properties from type 'EventType<
saga('ends', { startsOn: ParcelPosted, cancelsOn: DeliverParcel })

// TS2322: Type '"start"' is not assignable to type 'BeginsFrom'.
saga('ends', { startsOn: ParcelPosted, from: 'start' })
