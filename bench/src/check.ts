// Every figure is checked.

/** Throws if a benchmark did not do what it claims to measure. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`Check failed: ${what}.`)
}
