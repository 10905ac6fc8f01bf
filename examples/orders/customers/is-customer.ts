// Whether a person is a customer now: for decisions of other aggregates.
import { decisionModel } from 'indelible'
import { CustomerLeft, CustomerRegistered } from './events.ts'

export const isCustomer = decisionModel('is_customer', {
  initialState: false,
  tags: ['customer'],
  description: 'Whether a person is a customer now.',
})
  .on(CustomerRegistered, () => true)
  .on(CustomerLeft, () => false)
