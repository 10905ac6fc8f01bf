// The clock and randomness of the machine, for the composition of a system. All other code gets them passed in.
import { type IdGenerator, type IdWriter, uuidV7, uuidV7Writer } from './ids.ts'
import type { Clock } from './time.ts'

export const systemClock: Clock = { now: () => Date.now() }

const fillRandom = (bytes: Uint8Array) => void crypto.getRandomValues(bytes)

/** UUIDv7 from the machine's clock and cryptographic randomness. */
export const systemIds: IdGenerator = uuidV7({ clock: systemClock, fillRandom })

/** The same as bytes, with the time passed in. */
export const systemIdWriter: IdWriter = uuidV7Writer(fillRandom)
