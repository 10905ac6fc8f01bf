// What customers, products, orders and payments have in common.
import { z } from 'zod'

/** Text that every database can keep: no NUL and no half of a surrogate pair. An event that has one cannot be undone, and would stop its tables. */
const text = z.string().refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed text')

/** Of a customer, product or order, as other events name it; as long as an id can be. */
export const id = text.min(1).max(256)
export const name = text.min(1).max(200)
export const voucher = text.min(1).max(100)
export const quantity = z.int().positive().max(1_000)
/** An order has so many lines at most. */
export const linesMax = 50
/** Money is a whole number of cents or halers: of one product, and of as many as an order may have. */
export const price = z.int().positive().max(100_000_000)
export const cents = z.int().positive().max(5_000_000_000_000)
export const currency = z.enum(['EUR', 'CZK'])
export type Currency = z.infer<typeof currency>
