// For those who pay as soon as they may: the seed and the tests.
import { setTimeout } from 'node:timers/promises'
import type { RunningSystem } from 'indelible'
import { fulfilment } from './fulfilment.ts'

/** Resolves when an order waits for its money, with true, or when its fulfilment has ended. */
export async function awaitsMoney(running: RunningSystem, order: string): Promise<boolean> {
  for (;;) {
    const state = await running.saga(fulfilment, order)
    if (state?.waiting.some(({ step }) => step === 'money')) return true
    if (state?.status === 'completed' || state?.status === 'compensated') return false
    await setTimeout(5)
  }
}
