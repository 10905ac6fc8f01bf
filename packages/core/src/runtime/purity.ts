// Enforces the second and third law: domain code runs without clock, randomness and I/O, and on frozen input.
import { type ErrorCode, IndelibleError } from '../kernel/errors.ts'

/** Runs domain code: watched in development, trusted in production. */
export type PureCall = <Value>(what: string, run: () => Value) => Value

/** Throws this error code if the code uses a clock, randomness or I/O, returns a promise, or changes its input. */
export function watched(code: ErrorCode): PureCall {
  return (what, run) => {
    const restore = takeAway((name) => {
      throw new IndelibleError(code, `${what} used ${name}. It may use only its input.`)
    })
    try {
      const value = run()
      if (value instanceof Promise) {
        value.catch(() => {})
        throw new IndelibleError(code, `${what} returned a promise. It must return its result synchronously.`)
      }
      return value
    } catch (error) {
      if (error instanceof TypeError && /read.only|not extensible|Cannot delete/.test(error.message)) {
        throw new IndelibleError(code, `${what} changed its input: ${error.message}`, { cause: error })
      }
      throw error
    } finally {
      restore()
    }
  }
}

export const trusted: PureCall = (_what, run) => run()

/** By default domain code is watched unless NODE_ENV is `production`. */
export function isWatched(domainCode: 'watched' | 'trusted' | undefined): boolean {
  return (domainCode ?? (process.env.NODE_ENV === 'production' ? 'trusted' : 'watched')) === 'watched'
}

/** Calls the handlers of projections. */
export function projectionCall(domainCode: 'watched' | 'trusted' | undefined): PureCall {
  return isWatched(domainCode) ? watched('impure_projector') : trusted
}

type Violation = (name: string) => never

/** Returns a function that restores the globals. Domain code is synchronous, so no other code runs in between. */
function takeAway(violation: Violation): () => void {
  const undo: (() => void)[] = []
  const replace = (owner: object, ownerName: string, name: string, value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(owner, name)
    Object.defineProperty(owner, name, {
      value,
      configurable: true,
      writable: true,
      enumerable: before?.enumerable ?? false,
    })
    undo.push(() => {
      if (before) Object.defineProperty(owner, name, before)
      else delete (owner as Record<string, unknown>)[name]
    })
    return ownerName
  }
  const forbid = (owner: object, ownerName: string, names: readonly string[]) => {
    for (const name of names) replace(owner, ownerName, name, () => violation(`${ownerName}${name}`))
  }
  replace(globalThis, '', 'Date', clocklessDate(violation))
  forbid(globalThis, '', ['fetch', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'])
  forbid(Math, 'Math.', ['random'])
  forbid(performance, 'performance.', ['now'])
  forbid(crypto, 'crypto.', ['randomUUID', 'getRandomValues'])
  forbid(process, 'process.', ['hrtime', 'nextTick'])
  return () => {
    for (const restore of undo) restore()
  }
}

/** A Date that can represent a time but does not know the current time. */
function clocklessDate(violation: Violation): DateConstructor {
  return new Proxy(Date, {
    construct: (target, args) => (args.length === 0 ? violation('new Date()') : Reflect.construct(target, args)),
    apply: () => violation('Date()'),
    get: (target, name) => (name === 'now' ? () => violation('Date.now') : Reflect.get(target, name)),
  })
}
