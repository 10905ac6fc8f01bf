// A mistake in the past is corrected by a separate event that says why; the earlier events stay unchanged.
import { refuse } from 'indelible'
import { z } from 'zod'
import { text } from '../text.ts'
import { account } from './account.ts'
import { BalanceAdjusted } from './events.ts'
import { BalanceTooLarge } from './refusals.ts'

export const AdjustBalance = account.command('AdjustBalance', {
  description: 'Corrects a mistake of the past.',
  input: z.object({ difference: z.int(), reason: text }),
  emits: [BalanceAdjusted],
  refuses: ['NoSuchAccount', BalanceTooLarge],
  decide: ({ status, balance }, { difference, reason }) => {
    if (status === 'none') return refuse('NoSuchAccount')
    if (!Number.isSafeInteger(balance + difference)) return BalanceTooLarge({ balance })
    return difference === 0 ? [] : BalanceAdjusted({ difference, reason })
  },
})
