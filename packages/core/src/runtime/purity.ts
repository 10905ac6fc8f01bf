// Laws two and three at work: deciding, evolving and projecting run with clock, randomness and I/O taken away and on frozen input.
import { type ErrorCode, IndelibleError } from '../kernel/errors.ts'

/** Runs domain code. In development it is watched, in production trusted. */
export type PureCall = <Value>(what: string, run: () => Value) => Value

/** Throws `code` where the code reaches for what it may not have, answers with a promise, or changes what it was given. */
export function watched(code: ErrorCode): PureCall {
  return (what, run) => {
    const restore = takeAway((name) => {
      throw new IndelibleError(code, `${what} used ${name}. It may depend only on what it is given.`)
    })
    try {
      const value = run()
      if (value instanceof Promise) {
        value.catch(() => {})
        throw new IndelibleError(code, `${what} answered with a promise. It must answer at once.`)
      }
      return value
    } catch (error) {
      if (error instanceof TypeError && /read.only|not extensible|Cannot delete/.test(error.message)) {
        throw new IndelibleError(code, `${what} changed what it was given: ${error.message}`, { cause: error })
      }
      throw error
    } finally {
      restore()
    }
  }
}

export const trusted: PureCall = (_what, run) => run()

/** Domain code is watched unless NODE_ENV is `production`, or somebody says otherwise. */
export function isWatched(domainCode: 'watched' | 'trusted' | undefined): boolean {
  return (domainCode ?? (process.env.NODE_ENV === 'production' ? 'trusted' : 'watched')) === 'watched'
}

/** How the handlers of projections are called. */
export function projectionCall(domainCode: 'watched' | 'trusted' | undefined): PureCall {
  return isWatched(domainCode) ? watched('impure_projector') : trusted
}

type Violation = (name: string) => never

/** Domain code is synchronous, so nothing else can run between taking the globals away and giving them back. */
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

/** A Date that can be told a time but does not know what time it is. */
function clocklessDate(violation: Violation): DateConstructor {
  return new Proxy(Date, {
    construct: (target, args) => (args.length === 0 ? violation('new Date()') : Reflect.construct(target, args)),
    apply: () => violation('Date()'),
    get: (target, name) => (name === 'now' ? () => violation('Date.now') : Reflect.get(target, name)),
  })
}
