// Freezes shared values, so that nothing can change them.

/** Objects that were frozen here, with everything in them. Other code may have frozen an object without its content. */
const frozen = new WeakSet<object>()

/** Freezes a value and everything in it, at any depth. Bytes cannot be frozen, and entries of a Map or Set can still be replaced. */
export function deepFreeze<Value>(value: Value): Value {
  if (!isToBeFrozen(value)) return value
  // A list instead of the call stack, because a deep value would overflow the stack.
  const pending: object[] = [value]
  for (let next = pending.pop(); next; next = pending.pop()) {
    Object.freeze(next)
    frozen.add(next)
    for (const part of Object.values(next)) if (isToBeFrozen(part)) pending.push(part)
  }
  return value
}

function isToBeFrozen(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !frozen.has(value) && !ArrayBuffer.isView(value)
}
