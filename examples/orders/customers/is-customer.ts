// Whether somebody is a customer now: for decisions that are not the customer's own.
import { decisionModel } from 'indelible'
import { CustomerLeft, CustomerRegistered } from './events.ts'

export const isCustomer = decisionModel('is_customer', { initialState: false, tags: ['customer'] })
  .on(CustomerRegistered, () => true)
  .on(CustomerLeft, () => false)
