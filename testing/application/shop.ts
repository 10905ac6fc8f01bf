// The domain of a small application, which scripts/packages.test.ts installs the packages for, as its user would.
import { aggregate, bigint, defineSystem, event, projection, refuse, text } from 'indelible'
import { z } from 'zod'

export const Paid = event('Paid', z.object({ amount: z.int().positive() }))

export const customer = aggregate('customer', {
  initialState: { paid: 0 },
  events: [Paid],
  evolve: { Paid: ({ paid }, { amount }) => ({ paid: paid + amount }) },
})

export const Pay = customer.command('Pay', {
  input: Paid.schema,
  decide: ({ paid }, data) => (paid + data.amount > 100 ? refuse('LimitReached', { paid }) : Paid(data)),
})

export const turnover = projection('turnover', {
  table: { customer: text().key(), total: bigint() },
  events: [Paid],
  on: {
    Paid: ({ streamId, data }, row = { customer: streamId, total: 0 }) => ({ ...row, total: row.total + data.amount }),
  },
})

export const shop = defineSystem({ name: 'shop', commands: [Pay], projections: [turnover] })
