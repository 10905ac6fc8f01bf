// Money is a whole number of minor units (halers, cents): never a fraction, so never a rounding error.
import { z } from 'zod'
import { textUpTo } from './text.ts'

/** An amount that changes hands: at least 1, at most ten billion crowns. */
export const money = z.int().positive().max(1_000_000_000_000)

/** What a booking may say about itself: there is room for a transfer with the longest id. */
export const reference = textUpTo(300).optional()

/** `123456` as `1234.56`. */
export function formatMoney(minor: number): string {
  const digits = String(Math.abs(minor)).padStart(3, '0')
  return `${minor < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
