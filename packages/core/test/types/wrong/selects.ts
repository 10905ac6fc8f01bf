// Mistakes in what is asked of a read table: columns, operators, values and orders.
import { boolean, json, projection, type RunningSystem, text } from 'indelible'
import { parcels } from '../parcels.ts'

declare const system: RunningSystem
const labels = projection('labels', {
  table: { label_id: text().key(), printed: boolean(), lines: json(), extras: json().nullable() },
})

// TS2561: 'gram' does not exist in type 'Where<NoInfer<{ readonly parcel_id: Column<string>; … Did you mean to write 'grams'?
await system.select(parcels, { where: { gram: 5 } })

// TS2322: Type 'string' is not assignable to type 'ConditionOn<number | null> | undefined'.
await system.select(parcels, { where: { grams: '5' } })

// TS2322: Type 'null' is not assignable to type 'ConditionOn<string> | undefined'.
await system.select(parcels, { where: { to: null } })

// TS2322: Type 'string' is not assignable to type 'number'.
await system.select(parcels, { where: { grams: { gte: '5' } } })

// TS2322: Type 'null' is not assignable to type 'number | undefined'.
await system.select(parcels, { where: { grams: { gte: null } } })

// TS2353: 'above' does not exist in type 'OrderOperators<number | null>'.
await system.select(parcels, { where: { grams: { above: 5 } } })

// TS2322: Type 'number' is not assignable to type 'readonly (number | null)[]'.
await system.select(parcels, { where: { grams: { in: 5 } } })

// TS2322: Type 'number' is not assignable to type 'string'.
await system.select(parcels, { where: { to: { in: ['Ann', 5] } } })

// TS2353: 'lt' does not exist in type 'EqualityOperators<boolean>'.
await system.select(labels, { where: { printed: { lt: true } } })

// TS2322: Type 'number' is not assignable to type 'null | undefined'.
await system.select(labels, { where: { extras: { eq: 5 } } })

// TS2559: Type 'string' has no properties in common with type 'EqualityOperators<null>'.
await system.select(labels, { where: { extras: 'x' } })

// TS2353: 'lines' does not exist in type 'Where<NoInfer<{ readonly label_id: Column<string>;
await system.select(labels, { where: { lines: null } })

// TS2820: Type '"gram"' is not assignable to type 'OrderBy<NoInfer<{ … Did you mean '"grams"'?
await system.select(parcels, { orderBy: 'gram' })

// TS2353: 'gram' does not exist in type … { readonly
await system.select(parcels, { orderBy: { gram: 'desc' } })

// TS2322: Type '{ grams: "down"; }' is not assignable to type 'OrderBy< … Type '"down"' is not assignable to type 'OrderDirection | undefined'.
await system.select(parcels, { orderBy: { grams: 'down' } })

// TS2353: 'gram' does not exist in type '{ readonly
await system.select(parcels, { orderBy: ['to', { gram: 'desc' }] })

// TS2322: Type '"extras"' is not assignable to type 'OrderBy<
await system.select(labels, { orderBy: 'extras' })

// TS2561: 'gram' does not exist in type 'Partial<{ parcel_id: string; to: string; grams: number | null; }>'. Did you mean to write 'grams'?
await system.select(parcels, { after: { gram: 5 } })

// TS2322: Type 'string' is not assignable to type 'number'.
await system.select(parcels, { after: { grams: '5' } })

// TS2561: 'order' does not exist in type 'SelectOptions< … Did you mean to write 'orderBy'?
await system.select(parcels, { order: 'to' })
