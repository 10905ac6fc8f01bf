// Drives the open sagas of one kind, so many at a time, each until it ends, needs help, or has to wait. One that waits holds no slot.
import { isIndelibleError } from '../../kernel/errors.ts'
import { type Timer, timer } from '../../kernel/timers.ts'
import { sagasAtOnceMax } from '../limits.ts'
import { Slots } from '../slots.ts'
import { backoffMs } from '../waiting.ts'
import { type Driven, driveSaga, type SagaDriverContext } from './saga-driver.ts'

/** A saga that is driven, is in line for that, or waits to try again. */
interface Course {
  turn: Promise<void>
  /** How often in a row it got no further for a fault that may pass. */
  tries: number
  /** The version of its stream when it last did. */
  version: number
  fault: string | undefined
  waiting: Timer | undefined
  /** Something changed that it may not have seen, if it was at its last step. */
  again: boolean
}

export class OpenSagas {
  readonly slots = new Slots(sagasAtOnceMax)
  /** What those that wait for help need. */
  readonly problems = new Map<string, string>()
  readonly #context: SagaDriverContext
  readonly #signal: AbortSignal
  readonly #courses = new Map<string, Course>()

  /** Begins nothing more once the signal has aborted. */
  constructor(context: SagaDriverContext, signal: AbortSignal) {
    this.#context = context
    this.#signal = signal
    signal.addEventListener('abort', () => {
      for (const { waiting } of this.#courses.values()) waiting?.cancel()
    })
  }

  /** All that are under way, also those that wait. */
  get count(): number {
    return this.#courses.size
  }

  /** Those that wait to try again. */
  get waiting(): number {
    return [...this.#courses.values()].filter(({ waiting }) => waiting).length
  }

  /** A fault that is tried again, if there is any. */
  get fault(): string | undefined {
    for (const { fault } of this.#courses.values()) if (fault !== undefined) return fault
    return undefined
  }

  /** Drives a saga on, when there is a slot for it. */
  drive(sagaId: string): void {
    const course = this.#courses.get(sagaId)
    if (course) {
      course.again = true
      return
    }
    const begun = { tries: 0, version: 0, fault: undefined, waiting: undefined, again: false }
    const added: Course = { ...begun, turn: Promise.resolve() }
    this.#courses.set(sagaId, added)
    this.#take(sagaId, added)
  }

  /** Resolves when none is driven any more, after the signal has aborted. */
  async idle(): Promise<void> {
    await Promise.all([...this.#courses.values()].map(({ turn }) => turn))
  }

  #take(sagaId: string, course: Course): void {
    course.waiting = undefined
    course.turn = this.slots.within(() => this.#turn(sagaId, course))
  }

  async #turn(sagaId: string, course: Course): Promise<void> {
    do {
      if (this.#signal.aborted) break
      course.again = false
      try {
        const driven = await driveSaga(this.#context, sagaId, this.#signal)
        if (driven.fault !== undefined) return this.#wait(sagaId, course, driven)
        this.#settle(sagaId, problemOf(driven))
      } catch (error) {
        if (!isIndelibleError(error, 'store_closed')) this.#settle(sagaId, messageOf(error))
      }
    } while (course.again)
    this.#courses.delete(sagaId)
  }

  #settle(sagaId: string, problem: string | undefined): void {
    if (problem === undefined) this.problems.delete(sagaId)
    else this.problems.set(sagaId, problem)
  }

  /** Gives the slot up until it is time to try again, or the step has run out of time. */
  #wait(sagaId: string, course: Course, { state, fault }: Driven): void {
    if (this.#signal.aborted) return
    const version = state?.version ?? 0
    course.tries = version === course.version ? course.tries + 1 : 0
    course.version = version
    course.fault = fault
    const { deadline } = state?.pending ?? {}
    const leftMs = deadline ? Date.parse(deadline) - this.#context.clock.now() : 0
    const waitMs = backoffMs(course.tries)
    course.waiting = timer(leftMs > 0 ? Math.min(waitMs, leftMs) : waitMs, () => this.#take(sagaId, course))
  }
}

function problemOf({ state }: Driven): string | undefined {
  if (state?.status !== 'compensationFailed') return undefined
  const { step, reason } = state.compensationFailure!
  return `The compensation of step "${step}" was refused: ${reason}.`
}

function messageOf(error: unknown): string {
  return isIndelibleError(error) ? error.message : String(error)
}
