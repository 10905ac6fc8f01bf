// A small domain for the tests of reactions and subscriptions: parcels that are packed and sent.
import { aggregate, defineSystem, event, type System } from 'indelible'
import { z } from 'zod'

export const ParcelPacked = event('ParcelPacked', z.object({ n: z.int() }))
export const ParcelSent = event('ParcelSent', z.object({ to: z.string() }))
export const ParcelWeighed = event('ParcelWeighed', z.object({}))

export const parcel = aggregate('parcel', { initialState: { packed: 0 } })
  .on(ParcelPacked, ({ packed }) => ({ packed: packed + 1 }))
  .on(ParcelSent, (state) => state)
  .on(ParcelWeighed, (state) => state)

export const Pack = parcel.command('Pack', {
  input: z.object({ n: z.int() }),
  emits: [ParcelPacked],
  decide: (_state, { n }) => ParcelPacked({ n }),
})

export const Send = parcel.command('Send', {
  input: z.object({ to: z.string() }),
  emits: [ParcelSent],
  decide: (_state, { to }) => ParcelSent({ to }),
})

export type Consumers = Partial<Pick<System, 'reactions' | 'subscriptions' | 'projections' | 'sagas'>>

export function parcels(consumers: Consumers): System {
  return defineSystem({ name: 'parcels', commands: [Pack, Send], ...consumers })
}
