// Systems whose events change, for the tests of `schema`, and a log of the first.

import { join } from 'node:path'
import { aggregate, defineSystem, event, type System } from 'indelible'
import { fileStore } from 'indelible/file'
import { registerEventTypes } from 'indelible/schema'
import { z } from 'zod'

const first = z.object({ name: z.string(), cents: z.int() })
const Sold = event('Sold', z.object({ by: z.string() }), { description: 'It is in other hands.' })

const changes = {
  first: event('Priced', first, { personal: ['name'], tags: { name: 'name' } }),
  optional: event('Priced', first.extend({ note: z.string().optional() }), {
    personal: ['name'],
    tags: { name: 'name' },
  }),
  broken: event('Priced', first.extend({ currency: z.string() }), { personal: ['name'], tags: { name: 'name' } }),
  upcast: event('Priced', first, { personal: ['name'], tags: { name: 'name' } })
    .next(first.extend({ currency: z.string() }), { tags: { name: 'name' } })
    .upcast((old) => ({ ...old, currency: 'EUR' })),
}

export type ContractName = keyof typeof changes

export function shopWith(change: ContractName): System {
  const Priced = changes[change] as typeof changes.first
  const thing = aggregate('thing', { initialState: {} })
    .on(Priced, (state) => state)
    .on(Sold, (state) => state)
  const Price = thing.command('Price', { input: first, emits: [Priced], decide: (_state, input) => Priced(input) })
  const Sell = thing.command('Sell', { input: Sold.schema, emits: [Sold], decide: (_state, input) => Sold(input) })
  return defineSystem({ name: 'things', commands: [Price, Sell] })
}

/** Registered by the first system, with events of it and one of a type that nobody knows. */
export async function appendThings(dataDir: string): Promise<void> {
  const store = await fileStore({ dir: join(dataDir, 'log') })
  await registerEventTypes(store, shopWith('first'))
  const priced = (name: string, cents: unknown) =>
    ({ stream: 'thing-1', type: 'Priced', data: { name, cents } }) as const
  await store.append({ events: [priced('pot', 250), priced('mug', 'two')] })
  await store.append({ events: [{ stream: 'thing-1', type: 'Dusted', data: {} }] })
  await store.close()
}
