// Everything that can have happened to a customer.
import { event } from 'indelible'
import { z } from 'zod'

export const email = z.email().max(200).toLowerCase()

export const CustomerRegistered = event('CustomerRegistered', z.object({ name: z.string().min(1).max(200), email }))
export const EmailChanged = event('EmailChanged', z.object({ email }))
export const CustomerLeft = event('CustomerLeft', z.object({}))
