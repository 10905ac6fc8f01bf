// Making sure that what is shared stays as it is.

/** Those that were frozen here, with all that is in them. Others may have frozen an object and left alone what is in it. */
const frozen = new WeakSet<object>()

/** Freezes a value and everything in it, however deep; bytes cannot be frozen and are left, and what is in a Map or Set may still be exchanged. */
export function deepFreeze<Value>(value: Value): Value {
  if (!isToBeFrozen(value)) return value
  // A list of its own instead of the call stack, which a deep value would overflow.
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
