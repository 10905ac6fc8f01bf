// Functions that are made from text, for shapes of payloads that only the log knows. They cost a while to make, so they are kept.

/** How many are kept. A log with more different shapes makes some of them again and again. */
const compiledMax = 2000

type Compiled = (values: never, row: number) => unknown

/** By what they return. */
const known = new Map<string, Compiled>()
let isAllowed: boolean | undefined

/** A process may forbid to make code from text (`--disallow-code-generation-from-strings`). */
export function canCompile(): boolean {
  if (isAllowed === undefined) {
    try {
      isAllowed = new Function('return true')() === true
    } catch {
      isAllowed = false
    }
  }
  return isAllowed
}

/** The function `(v, r) => expression`. Whatever comes from payloads must stand in the expression as a text in quotes. */
export function compiled<Values>(expression: string): (values: Values, row: number) => unknown {
  const compiled = known.get(expression) ?? (new Function('v', 'r', `'use strict'; return ${expression}`) as Compiled)
  if (known.size >= compiledMax) known.clear()
  known.set(expression, compiled)
  return compiled as (values: Values, row: number) => unknown
}
