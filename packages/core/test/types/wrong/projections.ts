// Mistakes in projections: rows, keys and columns.
import { projection, removal } from 'indelible'
import { ParcelPosted, parcels } from '../parcels.ts'

// TS2552: Cannot find name 'ParcelPostd'. Did you mean 'ParcelPosted'?
parcels.on(ParcelPostd, (row) => row)

// TS2554: Expected 2-3 arguments, but got 1.
parcels.on(ParcelPosted)

// TS2551: Property 'gram' does not exist on type '{ to: string; grams: number; }'. Did you mean 'grams'?
parcels.on(ParcelPosted, (row, data) => ({ ...row, grams: data.gram }))

// TS2551: Property 'gram' does not exist on type '{ parcel_id: string; to: string; grams: number | null; }'. Did you mean 'grams'?
parcels.on(ParcelPosted, (row) => ({ ...row, grams: row.gram }))

// TS18047: 'row.grams' is possibly 'null'.
parcels.on(ParcelPosted, (row) => ({ ...row, grams: row.grams + 1 }))

// TS2322: Type 'number' is not assignable to type 'string'.
parcels.on(ParcelPosted, (row) => ({ ...row, to: 5 }))

// TS2322: Type '{ parcel_id: string; }' is not assignable to type … missing the following properties … to, grams
parcels.on(ParcelPosted, () => ({ parcel_id: '' }))

// TS2322: Type '{ parcel_id: string; to: string; }' is not assignable to type … Property 'grams' is missing
parcels.write(ParcelPosted, ({ to }, { streamId }) => ({ parcel_id: streamId, to }))

// TS2322: Type 'null' is not assignable to type
parcels.write(ParcelPosted, () => null)

// TS2322: => { parcel: string; }' is not assignable to type … Type '{ parcel: string; }' is not assignable to type
parcels.on(ParcelPosted, { key: ({ to }) => ({ parcel: to }) }, (row) => row)

// TS2322: => { parcel_id: number; }' is not assignable to type … Type 'number' is not assignable to type 'string'.
parcels.on(ParcelPosted, { key: ({ grams }) => ({ parcel_id: grams }) }, (row) => row)

// TS2322: => { parcel_id: string; to: string; }' is not assignable to type … Property 'grams' is missing
parcels.on(ParcelPosted, { initial: () => ({ parcel_id: '', to: '' }) }, (row) => row)

// TS2561: Object literal may only specify known properties, but 'keys' does not exist in type … Did you mean to write 'key'?
parcels.on(ParcelPosted, { keys: () => [] }, (row) => row)

// TS2322: Type 'RowRemoval<{ readonly parcel: "x"; }>' is not assignable to type
parcels.on(ParcelPosted, () => [removal({ parcel: 'x' })])

// TS2322: Type 'string' is not assignable to type 'Column<unknown>'.
projection('parcels', { table: { parcel_id: 'text' } })
