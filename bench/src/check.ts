// The difference between a benchmark and a claim.

/** Throws if a benchmark did not do what it says it measured. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`Check failed: ${what}.`)
}
