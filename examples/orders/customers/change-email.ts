// A new e-mail takes the place of the old one, which is free from then on.
import { refuse } from 'indelible'
import { customer } from './customer.ts'
import { EmailChanged } from './events.ts'

export const ChangeEmail = customer.command('ChangeEmail', {
  description: 'Changes the e-mail address, if nobody else has it.',
  input: EmailChanged.schema,
  emits: [EmailChanged],
  refuses: ['NoSuchCustomer'],
  decide: (state, { email }) => {
    if (state.status !== 'active') return refuse('NoSuchCustomer')
    return state.email === email ? [] : EmailChanged({ email })
  },
})
