// Somebody becomes a customer, with an e-mail that nobody else has.
import { refuse } from 'indelible'
import { customer } from './customer.ts'
import { CustomerRegistered } from './events.ts'

export const RegisterCustomer = customer.command('RegisterCustomer', {
  input: CustomerRegistered.schema,
  emits: [CustomerRegistered],
  refuses: ['CustomerExists'],
  decide: ({ status }, registration) =>
    status === 'none' ? CustomerRegistered(registration) : refuse('CustomerExists'),
})
