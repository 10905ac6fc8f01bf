// What campaigns share: full counts or a share of them, and random draws from the seed of the run.

/** Set for full counts; a share of them runs with every `npm test`. */
export const long = process.env.INDELIBLE_LONG !== undefined
export const seed = Number(process.env.INDELIBLE_SEED)
/** For Vitest: full counts take hours, not minutes. */
export const hours = { timeout: 12 * 60 * 60_000 }

export type Draw = (below: number) => number

/** Mulberry32 (public domain): small, seeded, good enough for samples. */
export function draws(from = seed): Draw {
  let state = from
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
