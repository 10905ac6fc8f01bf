// Functions that are compiled from text, for shapes of payloads that are known only at run time. Compiling takes time, so the functions are cached.

/** How many are cached. A log with more different shapes compiles some of them again and again. */
const compiledMax = 2000

type Compiled = (values: never, row: number) => unknown

/** By what they return. */
const known = new Map<string, Compiled>()
let isAllowed: boolean | undefined

/** A process may forbid code from text (`--disallow-code-generation-from-strings`). */
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

/** The function `(v, r) => expression`. Everything in the expression that comes from payloads must be a quoted string. */
export function compiled<Values>(expression: string): (values: Values, row: number) => unknown {
  const compiled = known.get(expression) ?? (new Function('v', 'r', `'use strict'; return ${expression}`) as Compiled)
  if (known.size >= compiledMax) known.clear()
  known.set(expression, compiled)
  return compiled as (values: Values, row: number) => unknown
}
