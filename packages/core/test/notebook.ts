// A notebook whose pages are written by sagas: what is written can be torn out, and some words are refused.
import {
  type AnySaga,
  aggregate,
  defineSystem,
  event,
  type RunningSystem,
  refusal,
  type SystemOptions,
  startSystem,
} from 'indelible'
import { memoryConsumers, memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { manualClock } from 'indelible/testing'
import { z } from 'zod'

const words = z.object({ word: z.string() })
export const Written = event('Written', words)
export const Torn = event('Torn', words)
export const Asked = event('Asked', z.object({ words: z.array(z.string()), limit: z.int().default(3) }))
export const Signed = event('Signed', z.object({ by: z.string() }))
export const Withdrawn = event('Withdrawn', z.object({ why: z.string() }))

export const Refused = refusal('Refused', z.object({ word: z.string() }))

/** Words that begin with `no` are refused; `never` may not be torn out. */
export const page = aggregate('page', { initialState: { words: [] as readonly string[] } })
  .on(Written, (state, { word }) => ({ words: [...state.words, word] }))
  .on(Torn, (state, { word }) => ({ words: state.words.filter((each) => each !== word) }))
export const Write = page.command('Write', {
  input: words,
  emits: [Written],
  refuses: [Refused],
  decide: (_state, { word }) => (word.startsWith('no') ? Refused({ word }) : Written({ word })),
})
export const Tear = page.command('Tear', {
  input: words,
  emits: [Torn],
  refuses: [Refused],
  decide: (_state, { word }) => (word === 'never' ? Refused({ word }) : Torn({ word })),
})

export const request = aggregate('request', { initialState: {} })
  .on(Asked, (state) => state)
  .on(Signed, (state) => state)
  .on(Withdrawn, (state) => state)
export const Ask = request.command('Ask', {
  input: z.object({ words: z.array(z.string()), limit: z.int().optional() }),
  emits: [Asked],
  decide: (_state, input) => Asked(input),
})
export const Sign = request.command('Sign', {
  input: z.object({ by: z.string() }),
  emits: [Signed],
  decide: (_state, input) => Signed(input),
})
export const Withdraw = request.command('Withdraw', {
  input: z.object({ why: z.string() }),
  emits: [Withdrawn],
  decide: (_state, input) => Withdrawn(input),
})

/** Writes a word on a page, and tears it out again. */
export const writing = (page: string, word: string) => ({
  command: Write,
  to: () => page,
  input: () => ({ word }),
  compensate: { command: Tear, to: () => page, input: () => ({ word }) },
})

export function notebook(sagas: readonly AnySaga[], parts: Partial<SystemOptions> = {}) {
  const clock = manualClock()
  const system = defineSystem({ name: 'notebook', commands: [Write, Tear, Ask, Sign, Withdraw], sagas })
  const store = parts.store ?? memoryStore()
  const running = startSystem(system, {
    store,
    tables: memoryTables(),
    snapshots: memorySnapshots(),
    consumers: memoryConsumers(),
    clock,
    ...parts,
  })
  return { running, clock, store }
}

/** What happened to the pages, in order. */
export async function written(running: RunningSystem): Promise<readonly string[]> {
  const batches = await Array.fromAsync(running.store.read([{ types: ['Written', 'Torn'] }]))
  return batches.flatMap(({ events }) =>
    events.map(({ type, data }) => `${type === 'Written' ? '' : '-'}${(data as { word: string }).word}`),
  )
}
