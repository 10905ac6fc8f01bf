// Mistakes with a system that runs: what it is declared of, what is sent to it, and what is made of its outcomes.
import { defineSystem, type RunningSystem } from 'indelible'
import { delivery, ParcelPosted, PostParcel, parcels } from '../parcels.ts'

declare const system: RunningSystem

// TS2322 (TS2740 by 5.9): Type 'EventType<"ParcelPosted", … is missing the following properties from type 'CommandType<
defineSystem({ name: 'parcels', commands: [ParcelPosted] })

// TS2740: Type 'SagaHead<{ signedBy: string; }, "delivery"> & Flow< … is missing the following properties from type 'Projection<any, any>'
defineSystem({ name: 'parcels', commands: [PostParcel], projections: [delivery] })

// TS2322: Type 'Projection<{ … is missing the following properties from type 'SagaHead<any, string>'
defineSystem({ name: 'parcels', commands: [PostParcel], sagas: [parcels] })

// TS2741 (TS2345 by 5.9): Property 'id' is missing in type 'CommandType<"PostParcel",
await system.send(PostParcel)

// TS2345: Argument of type 'string' is not assignable to parameter of type 'Command<string, unknown, Refusal<string, unknown>>'.
await system.send('PostParcel')

const outcome = await system.send(PostParcel('1', { to: 'Ann' }))

// TS2339: Property 'reason' does not exist on type 'CommandOutcome<
export const early = outcome.reason

// TS2367: This comparison appears to be unintentional because the types … and '"rejected"' have no overlap.
export const rejected = outcome.status === 'rejected'

if (outcome.status === 'refused') {
  // TS2367: This comparison appears to be unintentional because the types … and '"TooHevy"' have no overlap.
  if (outcome.reason === 'TooHevy') throw outcome
  // TS2339: Property 'gramsMax' does not exist on type 'NoDetails | { gramsMax: number; }'.
  if (outcome.details.gramsMax > 5) throw outcome
  // TS2339: Property 'grams' does not exist on type '{ gramsMax: number; }'.
  if (outcome.reason === 'TooHeavy' && outcome.details.grams > 5) throw outcome
  // TS2339: Property 'gramsMax' does not exist on type 'NoDetails'.
  if (outcome.reason === 'ParcelExists' && outcome.details.gramsMax > 5) throw outcome
}

// TS2339: Property 'too' does not exist on type '{ parcel_id: string; to: string; grams: number | null; }'.
export const [names] = (await system.select(parcels)).map((row) => row.too)
