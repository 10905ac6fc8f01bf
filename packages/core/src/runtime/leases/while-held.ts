// Runs a consumer in the terms in which this process holds its lease.
import type { Holding, Term } from './holding.ts'

export interface WhileHeldOptions {
  /** Aborts when the consumer is to end for good. */
  readonly stop: AbortSignal
  /** Another process is to run it. */
  readonly standBy: () => void
  /** Ends when the term is over, or the signal to stop aborts, or when it cannot go on at all. */
  readonly run: (term: Term) => Promise<void>
}

/** Resolves when the consumer has ended for good. */
export async function whileHeld(holding: Holding, { stop, standBy, run }: WhileHeldOptions): Promise<void> {
  while (!stop.aborted) {
    if (!holding.term) standBy()
    const term = await holding.taken(stop)
    if (!term) return
    await run(term)
    holding.ended()
    if (!term.over.aborted) return
  }
}
