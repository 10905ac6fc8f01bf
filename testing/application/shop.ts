// The domain of a small application, for which scripts/packages.test.ts installs the packages as a user would.
import { aggregate, bigint, defineSystem, event, projection, refusal, text } from 'indelible'
import { z } from 'zod'

export const Paid = event('Paid', z.object({ amount: z.int().positive() }))

export const LimitReached = refusal('LimitReached', z.object({ paid: z.int() }))

export const customer = aggregate('customer', { initialState: { paid: 0 } }).on(Paid, ({ paid }, { amount }) => ({
  paid: paid + amount,
}))

export const Pay = customer.command('Pay', {
  input: Paid.schema,
  emits: [Paid],
  refuses: [LimitReached],
  decide: ({ paid }, data) => (paid + data.amount > 100 ? LimitReached({ paid }) : Paid(data)),
})

export const turnover = projection('turnover', { table: { customer: text().key(), total: bigint() } }).on(
  Paid,
  { initial: (_key, _data, { streamId }) => ({ customer: streamId, total: 0 }) },
  (row, { amount }) => ({ ...row, total: row.total + amount }),
)

export const shop = defineSystem({ name: 'shop', commands: [Pay], projections: [turnover] })
