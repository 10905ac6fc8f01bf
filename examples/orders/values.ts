// What customers, products, orders and payments have in common.
import { z } from 'zod'

/** Of a customer, product or order, as other events name it. */
export const id = z.string().min(1).max(100)
export const name = z.string().min(1).max(200)
export const quantity = z.int().positive().max(1_000)
/** Money is a whole number of cents or halers. */
export const cents = z.int().positive().max(100_000_000)
export const currency = z.enum(['EUR', 'CZK'])
export type Currency = z.infer<typeof currency>
