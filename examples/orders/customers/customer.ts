// A customer. No two have the same e-mail; who leaves gives it free.
import { aggregate } from 'indelible'
import { CustomerLeft, CustomerRegistered, EmailChanged } from './events.ts'

type CustomerState = { status: 'none' } | { status: 'active'; email: string } | { status: 'left' }

export const customer = aggregate('customer', {
  description: 'A person who may order. No two have the same e-mail address; who leaves gives it free.',
  initialState: { status: 'none' } as CustomerState,
  unique: { email: 'EmailTaken' },
})
  .on(CustomerRegistered, (_state, { email }) => ({ status: 'active', email }))
  .on(EmailChanged, (_state, { email }) => ({ status: 'active', email }))
  .on(CustomerLeft, () => ({ status: 'left' }))
