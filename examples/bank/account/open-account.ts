// An account is opened once, for an owner, with an overdraft limit if the bank grants one.
import { refuse } from 'indelible'
import { z } from 'zod'
import { text } from '../text.ts'
import { account } from './account.ts'
import { AccountOpened } from './events.ts'

export const OpenAccount = account.command('OpenAccount', {
  description: 'Opens an account, once, with an overdraft limit if the bank grants one.',
  input: z.object({ owner: text, overdraftLimit: z.int().min(0).default(0) }),
  emits: [AccountOpened],
  refuses: ['AccountExists'],
  decide: ({ status }, { owner, overdraftLimit }) =>
    status === 'none' ? AccountOpened({ owner, overdraftLimit }) : refuse('AccountExists'),
})
