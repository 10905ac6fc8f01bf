// The machine's own clock and randomness, for those who compose a system. Everything else gets them passed in.
import { type IdGenerator, uuidV7 } from './ids.ts'
import type { Clock } from './time.ts'

export const systemClock: Clock = { now: () => Date.now() }

/** UUIDv7 from the machine's clock and cryptographic randomness. */
export const systemIds: IdGenerator = uuidV7({
  clock: systemClock,
  fillRandom: (bytes) => void crypto.getRandomValues(bytes),
})
