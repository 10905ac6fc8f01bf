// How long tests wait for what happens by itself: long, because a busy machine is not a fault.
import { vi } from 'vitest'

export const patience = { timeoutMs: 20_000 }

/** Resolves when a check passes. */
export async function soon<Value>(check: () => Promise<Value>): Promise<Value> {
  return await vi.waitFor(check, { timeout: patience.timeoutMs })
}
