// Enforces the second and third law: domain code runs without clock, randomness and I/O, on frozen input, and answers the same when it is called again.
import { type ErrorCode, isIndelibleError } from '../../kernel/errors.ts'
import { messageOf } from '../../kernel/shown.ts'
import { repeatedEvery, repeatedFirst } from '../limits.ts'
import { installGuard } from './install.ts'
import { Place, shared } from './place.ts'
import { differenceOf } from './repeats.ts'

/** `watched` in development and tests, `trusted` in production. */
export type DomainCode = 'watched' | 'trusted'

/** The codes of errors for broken laws. */
type ImpureCode = Extract<ErrorCode, `impure_${string}`>

/** Runs domain code. One that watches needs frozen input: it runs each function twice. */
export interface Guard {
  readonly isWatching: boolean
  /** Calls a function of the domain. `what` is its name in messages: `decide of account/WithdrawFunds`. */
  call<Value>(what: string, run: () => Value): Value
  /** The same for a function whose answer may differ, such as a schema. */
  callOnce<Value>(what: string, run: () => Value): Value
  /** Runs a fold. The functions of the domain that it calls are its steps; `what` names the one that runs. */
  fold<Value>(what: () => string, run: () => Value): Value
  /** One step of the fold that runs. Some are run twice; see {@link Sample}. */
  step<Value>(run: () => Value, isRepeated: boolean): Value
}

/** Which of many equal steps are run twice: the first ones, and then one in so many. */
export class Sample {
  #count = 0

  take(): boolean {
    return ++this.#count <= repeatedFirst || this.#count % repeatedEvery === 0
  }
}

/** By default domain code is watched unless NODE_ENV is `production`. Broken laws throw the given code. */
export function guardOf(domainCode: DomainCode | undefined, code: ImpureCode): Guard {
  return isWatched(domainCode) ? watching(code) : trusting
}

export function isWatched(domainCode: DomainCode | undefined): boolean {
  return (domainCode ?? (process.env.NODE_ENV === 'production' ? 'trusted' : 'watched')) === 'watched'
}

export const trusting: Guard = {
  isWatching: false,
  call: (_what, run) => run(),
  callOnce: (_what, run) => run(),
  fold: (_what, run) => run(),
  step: (run) => run(),
}

export function watching(code: ImpureCode): Guard {
  return {
    isWatching: true,
    call: (what, run) => within(new Place(code, what), twice, run),
    callOnce: (what, run) => within(new Place(code, what), once, run),
    fold: (what, run) => within(new Place(code, what), asItIs, run),
    step: (run, isRepeated) => (isRepeated ? twice(shared.running!, run) : once(shared.running!, run)),
  }
}

type How = <Value>(place: Place, run: () => Value) => Value

/** Domain code runs at this place meanwhile. */
function within<Value>(place: Place, how: How, run: () => Value): Value {
  installGuard()
  const outer = shared.running
  shared.running = place
  try {
    return how(place, run)
  } finally {
    shared.running = outer
  }
}

const asItIs: How = (_place, run) => run()

function twice<Value>(place: Place, run: () => Value): Value {
  const first = once(place, run)
  let second: Value
  try {
    second = once(place, run)
  } catch (error) {
    if (isIndelibleError(error)) throw error
    throw place.fault(`answered and then, with the same input, failed: ${messageOf(error)}. ${onlyInput}`, {}, error)
  }
  const difference = differenceOf(first, second)
  if (difference === undefined) return first
  throw place.fault(`answered differently to the same input: ${difference}. ${onlyInput}`, { difference })
}

function once<Value>(place: Place, run: () => Value): Value {
  let value: Value
  try {
    value = run()
  } catch (error) {
    if (place.violation) throw place.violation
    if (error instanceof TypeError && /read.only|not extensible|Cannot delete/.test(error.message))
      throw place.fault(`changed its input: ${error.message}. It must return new values.`, {}, error)
    throw error
  }
  if (place.violation) throw place.violation
  if (!(value instanceof Promise)) return value
  value.catch(() => {})
  throw place.fault('returned a promise. It must return its result synchronously.')
}

const onlyInput = 'It may use only its input.'
