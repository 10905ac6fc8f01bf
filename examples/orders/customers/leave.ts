// A customer leaves. What happened stays; the e-mail is free.
import { refuse } from 'indelible'
import { z } from 'zod'
import { customer } from './customer.ts'
import { CustomerLeft } from './events.ts'

export const Leave = customer.command('Leave', {
  description: 'Ends being a customer.',
  input: z.object({}),
  emits: [CustomerLeft],
  refuses: ['NoSuchCustomer'],
  decide: ({ status }, _input, { id }) =>
    status === 'active' ? CustomerLeft({ customer: id }) : refuse('NoSuchCustomer'),
})
