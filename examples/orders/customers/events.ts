// Everything that can have happened to a customer.
import { event } from 'indelible'
import { z } from 'zod'
import { id, name } from '../values.ts'

export const email = z.email().max(200).toLowerCase()

// The id is in the data too, for the tag by which orders find out who is a customer.
const tags = { customer: 'customer' } as const

export const CustomerRegistered = event('CustomerRegistered', z.object({ customer: id, name, email }), {
  description: 'A person became a customer.',
  tags,
  personal: ['name', 'email'],
})
export const EmailChanged = event('EmailChanged', z.object({ email }), {
  description: 'A customer has another e-mail address.',
  personal: ['email'],
})
export const CustomerLeft = event('CustomerLeft', z.object({ customer: id }), {
  description: 'A person is no customer any more.',
  tags,
})
