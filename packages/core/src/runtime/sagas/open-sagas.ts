// Drives the open sagas of one kind, a limited number at the same time: each until it ends, needs intervention, or has to wait. A waiting saga has no slot.
import { isIndelibleError } from '../../kernel/errors.ts'
import { type Timer, timer } from '../../kernel/timers.ts'
import { sagasAtOnceMax } from '../limits.ts'
import { Slots } from '../slots.ts'
import { backoffMs } from '../waiting.ts'
import { type Driven, driveSaga, type SagaDriverContext } from './saga-driver.ts'

/** A saga that is being driven, is queued, or waits for its next try. */
interface Course {
  turn: Promise<void>
  /** How often it got no further because of a temporary fault, one time after the other. */
  tries: number
  /** The version of its stream at that time. */
  version: number
  fault: string | undefined
  waiting: Timer | undefined
  /** Something changed meanwhile, so it must be driven once more. */
  again: boolean
}

export class OpenSagas {
  readonly slots = new Slots(sagasAtOnceMax)
  /** The problems of the sagas that need intervention. */
  readonly problems = new Map<string, string>()
  readonly #context: SagaDriverContext
  readonly #signal: AbortSignal
  readonly #courses = new Map<string, Course>()

  /** After the signal has aborted, nothing more begins. */
  constructor(context: SagaDriverContext, signal: AbortSignal) {
    this.#context = context
    this.#signal = signal
    signal.addEventListener('abort', () => {
      for (const { waiting } of this.#courses.values()) waiting?.cancel()
    })
  }

  /** The number of all open sagas, also those that wait. */
  get count(): number {
    return this.#courses.size
  }

  /** The number of sagas that wait for their next try. */
  get waiting(): number {
    return [...this.#courses.values()].filter(({ waiting }) => waiting).length
  }

  /** The fault for which a saga waits, if there is one. */
  get fault(): string | undefined {
    for (const { fault } of this.#courses.values()) if (fault !== undefined) return fault
    return undefined
  }

  /** Drives a saga as soon as a slot is free. */
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

  /** Resolves when no saga is being driven, after the signal has aborted. */
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

  /** Waits without a slot until the next try, or until the deadline of the step. */
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
