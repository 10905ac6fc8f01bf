// Mistakes in events: data that JSON does not keep, tags, upcasts, and data that are not what the schema takes.
import { event } from 'indelible'
import { z } from 'zod'
import { ParcelPosted } from '../parcels.ts'

// TS2345: Argument of type 'ZodObject<{ at: ZodDate; }, $strip>' … '"JSON does not keep the member at: use text or a number"'.
event('Seen', z.object({ at: z.date() }))

// TS2345: '"JSON does not keep the member at: use text or a number"'.
event('Seen', z.object({ at: z.date().optional() }))

// TS2345: '"JSON does not keep the member at: use text or a number"'.
event('Seen', z.object({ at: z.union([z.string(), z.date()]) }))

// TS2345: '"JSON does not keep the member lines[].sums: use text or a number"'.
event('Seen', z.object({ lines: z.array(z.object({ sums: z.map(z.string(), z.number()) })) }))

// TS2345: "JSON does not keep the member count: use text or a number" | "JSON does not keep the member names: use text or a number"
event('Seen', z.object({ count: z.bigint(), names: z.set(z.string()) }))

// TS2345: Argument of type 'ZodDate' is not assignable to parameter of type '"JSON does not keep these data: use text or a number"'.
event('Seen', z.date())

// TS2345: Argument of type 'ZodBigInt' is not assignable to parameter of type '"JSON does not keep these data: use text or a number"'.
event('Seen', z.bigint())

// TS2353: Object literal may only specify known properties, and 'to' does not exist in type 'StandardSchemaV1<unknown, unknown>'.
event('Seen', { to: 'string' })

// TS2322: Type '"too"' is not assignable to type '"to"'.
event('Seen', z.object({ to: z.string() }), { tags: { to: 'too' } })

// TS2322: Type '"lines"' is not assignable to type '"to"'.
event('Seen', z.object({ to: z.string(), lines: z.array(z.string()) }), { tags: { to: 'lines' } })

const Priced = event('Priced', z.object({ amount: z.number() }))

// TS2741: Property 'cents' is missing in type '{ cent: number; }'
Priced.next(z.object({ cents: z.int() })).upcast(({ amount }) => ({ cent: amount }))

// TS2551: Property 'amont' does not exist on type '{ amount: number; }'. Did you mean 'amount'?
Priced.next(z.object({ cents: z.int() })).upcast((old) => ({ cents: old.amont }))

// TS2345: '"JSON does not keep the member at: use text or a number"'.
Priced.next(z.object({ at: z.date() }))

// TS2322: Type '"amount"' is not assignable to type '"cents"'.
Priced.next(z.object({ cents: z.int() }), { tags: { cents: 'amount' } })

// TS2741: Property 'amount' is missing in type '{ cents: number; }'
Priced.formerly(event('Costed', z.object({ cents: z.int() })), ({ cents }) => ({ cents }))

// TS2741 (TS2345 by 5.9): Property 'to' is missing in type '{ grams: number; }'
ParcelPosted({ grams: 5 })

// TS2561: 'gram' does not exist in type '{ to: string; grams?: number | undefined; }'. Did you mean to write 'grams'?
ParcelPosted({ to: '', gram: 5 })
