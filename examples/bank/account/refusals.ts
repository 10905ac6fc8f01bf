// The refusals of commands, with the details that a client may want to show.
import { refusal } from 'indelible'
import { z } from 'zod'

export const InsufficientFunds = refusal('InsufficientFunds', z.object({ balance: z.int(), overdraftLimit: z.int() }))
export const BalanceNotZero = refusal('BalanceNotZero', z.object({ balance: z.int() }))
export const BalanceTooLarge = refusal('BalanceTooLarge', z.object({ balance: z.int() }))
