// Where domain code runs now. Replaced functions of the platform ask here whether they may run.
import module from 'node:module'
import { type ErrorCode, IndelibleError } from '../../kernel/errors.ts'
import { callerOf } from './caller.ts'

/** What all copies of this module in a thread share, because they all replace functions of the same platform. */
interface Shared {
  /** The innermost domain code that runs. Domain code is synchronous, so nothing else runs meanwhile. */
  running: Place | undefined
  /** The guarded function for each function that was replaced. */
  readonly guardedOf: WeakMap<object, object>
  readonly guarded: WeakSet<object>
}

const key = Symbol.for('indelible.guard')
/** A module of the platform, because some test frameworks give each file a global object of its own. */
const holder = module as unknown as { [key]?: Shared }
holder[key] ??= { running: undefined, guardedOf: new WeakMap(), guarded: new WeakSet() }
export const shared: Shared = holder[key]

/** A function of the domain while it runs, or a fold of many calls. */
export class Place {
  readonly #code: ErrorCode
  readonly #what: string | (() => string)
  /** The first law that it broke. Kept, because domain code may catch the error. */
  violation: IndelibleError | undefined

  constructor(code: ErrorCode, what: string | (() => string)) {
    this.#code = code
    this.#what = what
  }

  get what(): string {
    return typeof this.#what === 'string' ? this.#what : this.#what()
  }

  /** Throws the error of this place, which names the call and the line of the user's code. */
  refuse(call: string, instead: string): never {
    // Whatever reads the stack may use files.
    outside(() => {
      const at = callerOf()
      this.violation ??= this.fault(`used ${call}${at ? ` at ${at}` : ''}. ${instead}`, { call, at })
    })
    throw this.violation!
  }

  fault(problem: string, details: Record<string, unknown> = {}, cause?: unknown): IndelibleError {
    const { what } = this
    return new IndelibleError(this.#code, `${what.replace(/^[a-z]/, (letter) => letter.toUpperCase())} ${problem}`, {
      details: { place: what, ...details },
      cause,
    })
  }
}

/** Runs code that is no domain code, while domain code waits for it. */
export function outside<Value>(run: () => Value): Value {
  const { running } = shared
  shared.running = undefined
  try {
    return run()
  } finally {
    shared.running = running
  }
}
