// A domain whose functions do what a test gives them.
import { aggregate, event } from 'indelible'
import { decideAfter } from 'indelible/testing'
import { z } from 'zod'

export const Noted = event('Noted', z.object({ text: z.string() }))

/** Decides with this function: its answer is the text of the event. Throws what the guard throws. */
export function decideWith(run: () => unknown): unknown {
  const note = aggregate('note', { initialState: {} }).on(Noted, (state) => state)
  const Note = note.command('Note', {
    input: z.object({}),
    emits: [Noted],
    decide: () => Noted({ text: `${run()}` }),
  })
  const decided = decideAfter([], Note, {}) as readonly { readonly data: { readonly text: string } }[]
  return decided[0]!.data.text
}

/** What the guard says of this code: the call that it refuses. Nothing if it lets the code through. */
export function refusedCall(run: () => unknown): string | undefined {
  try {
    decideWith(run)
    return undefined
  } catch (error) {
    const { code, details } = error as { code?: string; details?: { call?: string } }
    if (code !== 'impure_aggregate') throw error
    return details?.call ?? 'no call'
  }
}
