// Registers a customer, with an e-mail that no other customer has.
import { refuse } from 'indelible'
import { z } from 'zod'
import { name } from '../values.ts'
import { customer } from './customer.ts'
import { CustomerRegistered, email } from './events.ts'

export const RegisterCustomer = customer.command('RegisterCustomer', {
  description: 'Makes a person a customer, once.',
  input: z.object({ name, email }),
  emits: [CustomerRegistered],
  refuses: ['CustomerExists'],
  decide: ({ status }, registration, { id }) =>
    status === 'none' ? CustomerRegistered({ customer: id, ...registration }) : refuse('CustomerExists'),
})
