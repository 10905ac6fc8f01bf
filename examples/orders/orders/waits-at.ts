// For those who pay or ship as soon as they may: the seed and the tests.
import { setTimeout } from 'node:timers/promises'
import type { RunningSystem } from 'indelible'
import { fulfilment } from './fulfilment.ts'

type Wait = 'money' | 'parcel'

/** Resolves when the fulfilment of an order waits at a step, with true, or when it has gone on or ended. */
export async function waitsAt(running: RunningSystem, order: string, step: Wait): Promise<boolean> {
  for (;;) {
    const state = await running.saga(fulfilment, order)
    const wait = state?.waiting.find((each) => each.step === 'money' || each.step === 'parcel')?.step
    if (wait === step) return true
    if (wait === 'parcel' || state?.status === 'completed' || state?.status === 'compensated') return false
    await setTimeout(5)
  }
}
