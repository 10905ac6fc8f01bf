// Functions of the platform that domain code may not use: each asks whether domain code runs, and otherwise calls the original.
import { unguardedName } from '../../kernel/unguarded.ts'
import { shared } from './place.ts'

type Callable = (...args: unknown[]) => unknown

/** The guarded form of a function or class: always the same for the same one. `instead` says what to do. */
export function guarded(original: Callable, call: string, instead: string): Callable {
  if (shared.guarded.has(original)) return original
  const known = shared.guardedOf.get(original) as Callable | undefined
  if (known) return known
  const guard = function (this: unknown, ...args: unknown[]): unknown {
    shared.running?.refuse(call, instead)
    if (new.target) return Reflect.construct(original, args, new.target === guard ? original : new.target)
    return Reflect.apply(original, this, args)
  }
  return asGuardOf(original, guard, (name, inner) => guarded(inner, `${call}.${name}`, instead))
}

/** Gives a guard the name, prototype and members of what it stands for. Functions that are members are guarded too (`process.hrtime.bigint`). */
export function asGuardOf<Guard extends object>(
  original: object,
  guard: Guard,
  memberOf: (name: string, member: Callable) => Callable = (_name, member) => member,
): Guard {
  const members = Object.getOwnPropertyDescriptors(original) as Record<string, PropertyDescriptor>
  for (const [name, member] of Object.entries(members))
    if (member.enumerable && typeof member.value === 'function') member.value = memberOf(name, member.value)
  Object.defineProperties(guard, members)
  Object.defineProperty(guard, unguardedName, { value: original, configurable: true })
  Object.setPrototypeOf(guard, Object.getPrototypeOf(original))
  shared.guardedOf.set(original, guard)
  shared.guarded.add(guard)
  return guard
}

/** Puts the guarded form of a function or getter in its place. What cannot be replaced stays. */
export function guardMember(owner: object, name: PropertyKey, call: string, instead: string): void {
  const member = Object.getOwnPropertyDescriptor(owner, name)
  if (!member) return
  const { value, get } = member
  if (typeof value === 'function') put(owner, name, member, { value: guarded(value as Callable, call, instead) })
  else if (get) put(owner, name, member, { get: guarded(get as Callable, call, instead) as () => unknown })
}

export function put(owner: object, name: PropertyKey, before: PropertyDescriptor, now: PropertyDescriptor): void {
  if (before.value === now.value && before.get === now.get) return
  if (before.configurable) Object.defineProperty(owner, name, { ...before, ...now })
  else if (before.writable) Reflect.set(owner, name, now.value)
}
