// Where the money is, by both logs. The log of the bank that is paid is read first: then nothing is paid there that was not withdrawn here.
import { join } from 'node:path'
import type { RecordedEvent } from 'indelible'
import { fileStore } from 'indelible/file'

export interface Money {
  /** On the accounts of both banks. */
  readonly onAccounts: number
  /** Withdrawn here, and neither paid there nor given back. */
  readonly inFlight: number
  /** Transfers that were paid more than once, or paid and given back, or given back without having been withdrawn. */
  readonly wrong: readonly string[]
  readonly paid: number
  readonly givenBack: number
}

interface Course {
  withdrawn: number
  paid: number
  givenBack: number
  amount: number
}

export async function moneyOf(near: string, far: string): Promise<Money> {
  const courses = new Map<string, Course>()
  let onAccounts = 0
  const take = (bank: 'near' | 'far', { type, data }: RecordedEvent) => {
    const { amount = 0, reference } = data as { readonly amount?: number; readonly reference?: string }
    const sign = type === 'FundsWithdrawn' ? -1 : 1
    onAccounts += sign * amount
    if (!reference?.startsWith('transfer ')) return
    const course = courses.get(reference) ?? { withdrawn: 0, paid: 0, givenBack: 0, amount }
    courses.set(reference, course)
    if (type === 'FundsWithdrawn') course.withdrawn++
    else if (bank === 'far') course.paid++
    else course.givenBack++
  }
  await eachBooking(far, (event) => take('far', event))
  await eachBooking(near, (event) => take('near', event))
  const all = [...courses]
  const open = all.filter(([, { withdrawn, paid, givenBack }]) => withdrawn - paid - givenBack === 1)
  const wrong = all.filter(([, { withdrawn, paid, givenBack }]) => withdrawn !== 1 || paid + givenBack > 1)
  return {
    onAccounts,
    inFlight: open.reduce((sum, [, { amount }]) => sum + amount, 0),
    wrong: wrong.map(([reference, course]) => `${reference}: ${JSON.stringify(course)}`),
    paid: all.filter(([, { paid }]) => paid === 1).length,
    givenBack: all.filter(([, { givenBack }]) => givenBack === 1).length,
  }
}

const bookings = ['FundsDeposited', 'FundsWithdrawn', 'WithdrawalReversed']

async function eachBooking(dataDir: string, take: (event: RecordedEvent) => void): Promise<void> {
  const store = await fileStore({ dir: join(dataDir, 'log'), access: 'read' })
  try {
    for await (const { events } of store.read([{ types: bookings }])) events.forEach(take)
  } finally {
    await store.close()
  }
}
