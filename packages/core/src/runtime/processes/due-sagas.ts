// Which sagas of one kind are driven now, and which wait until when. One that waits holds 16 bytes and nothing else.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { messageOf } from '../../kernel/shown.ts'
import { timer } from '../../kernel/timers.ts'
import type { Checkpoint } from '../../store/port.ts'
import { sagaLookMsMax, sagasAtOnceMax, sagasLookedUpTogetherMax, sagaTriesKeptMax } from '../limits.ts'
import { backoffMs } from '../waiting.ts'
import { type Driven, driveSaga } from './drive.ts'
import { DueList, type KeptDue } from './due-list.ts'
import { sagasAt, sagasOf } from './lookups.ts'
import { partitionOf } from './saga-layout.ts'
import type { SagaDriveOptions } from './sender.ts'
import type { SagaState } from './state.ts'

/** A saga that is being driven. */
interface Course {
  readonly ended: Promise<void>
  /** Something came in that it may not have seen. */
  isToldAgain: boolean
}

/** Some of the sagas of one kind, as many as all others of so many parts. */
export interface SagaPartitionOptions {
  readonly index: number
  readonly of: number
}

export interface DueSagasOptions extends SagaDriveOptions {
  readonly partition: SagaPartitionOptions
}

export class DueSagas {
  /** Why some cannot go on until a person helps, by id. */
  readonly problems = new Map<string, string>()
  readonly #options: DueSagasOptions
  readonly #atOnceMax: number
  readonly #signal: AbortSignal
  readonly #courses = new Map<string, Course>()
  /** Entries that are due, whose sagas are being looked up. */
  readonly #lookups = new Map<Position, Promise<void>>()
  /** Those whose drive was broken off. */
  readonly #interrupted = new Set<string>()
  /** How often in a row a saga met a fault. */
  readonly #tries = new Map<string, number>()
  readonly #due: DueList
  #room: (() => void) | undefined
  #alarm: { cancel(): void } | undefined
  #soon: NodeJS.Immediate | undefined
  #fault: string | undefined
  #failure: unknown
  readonly #broken = new AbortController()

  /** Begins nothing more once the signal has aborted. */
  constructor(options: DueSagasOptions, signal: AbortSignal, kept?: KeptDue) {
    this.#options = options
    this.#atOnceMax = Math.ceil(sagasAtOnceMax / options.partition.of)
    this.#signal = signal
    this.#due = kept ? DueList.decode(kept.due) : new DueList()
    signal.addEventListener('abort', () => {
      this.#alarm?.cancel()
      this.#room?.()
    })
  }

  /** Aborts when the store fails: then `room` throws what it failed with. */
  get broken(): AbortSignal {
    return this.#broken.signal
  }

  /** Those that are driven now. */
  get active(): number {
    return this.#courses.size + this.#lookups.size
  }

  /** Entries of those that wait for a time. */
  get waiting(): number {
    return this.#due.length
  }

  /** When the first of them is due. */
  get dueMs(): number | undefined {
    return this.#due.firstMs
  }

  /** A fault that is tried again, if there is any. */
  get fault(): string | undefined {
    return this.#tries.size > 0 ? this.#fault : undefined
  }

  /** What is to be kept, so that a start finds all that are under way without reading their history. */
  keep(upTo: Checkpoint): KeptDue {
    return {
      upTo,
      version: this.#options.saga.version,
      due: this.#due.encode(this.#lookups.keys()),
      driven: [...new Set([...this.#courses.keys(), ...this.#interrupted, ...this.problems.keys()])],
    }
  }

  /** Resolves when another saga may be driven. Throws what the store failed with. */
  async room(): Promise<void> {
    while (this.active >= this.#atOnceMax && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#room = resolve
      })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Drives a saga, whose state the caller may know. */
  drive(sagaId: string, known?: SagaState): void {
    const course = this.#courses.get(sagaId)
    if (course) course.isToldAgain = true
    else this.#begin(sagaId, known)
  }

  /** Drives sagas that are under way, and may have something to do. */
  async takeUp(sagaIds: Iterable<string>): Promise<void> {
    for await (const [sagaId, state] of sagasOf(this.#options, sagaIds)) {
      await this.room()
      this.drive(sagaId, settled(state))
    }
  }

  /** Drives those that are due, as far as there is room, and sets the alarm for the next. */
  look(): void {
    this.#alarm?.cancel()
    if (this.#signal.aborted) return
    const { clock } = this.#options
    const now = clock.now()
    while (this.active < this.#atOnceMax) {
      const positions = this.#taken(now, Math.min(this.#atOnceMax - this.active, sagasLookedUpTogetherMax))
      if (positions.length === 0) break
      this.#beginAt(positions)
    }
    const { firstMs } = this.#due
    if (firstMs !== undefined && this.active < this.#atOnceMax)
      // Not for longer, as the clock of the machine may be put forward meanwhile.
      this.#alarm = (clock.timer ?? timer)(Math.min(Math.max(0, firstMs - now), sagaLookMsMax), () => this.look())
  }

  #taken(nowMs: number, countMax: number): readonly Position[] {
    const positions = new Set<Position>()
    while (positions.size < countMax) {
      const entry = this.#due.take(nowMs)
      if (!entry) break
      if (!this.#lookups.has(entry.position)) positions.add(entry.position)
    }
    return [...positions].sort((one, other) => one - other)
  }

  /** Resolves when none is driven any more, after the signal has aborted. */
  async idle(): Promise<void> {
    await Promise.all(this.#lookups.values())
    await Promise.all([...this.#courses.values()].map(({ ended }) => ended))
  }

  #isMine(sagaId: string): boolean {
    const { index, of } = this.#options.partition
    return partitionOf(sagaId, of) === index
  }

  #begin(sagaId: string, known: SagaState | undefined): void {
    const course: Course = { isToldAgain: false, ended: Promise.resolve().then(() => this.#run(sagaId, known)) }
    this.#courses.set(sagaId, course)
  }

  /** The entries say only where the newest events of the sagas were. */
  #beginAt(positions: readonly Position[]): void {
    const found = sagasAt(this.#options, positions).then(
      (sagas) => {
        for (const position of positions) this.#lookups.delete(position)
        // Where a stream has gone on, another entry stands for it, or it waits for no time any more.
        // After a change of the number of partitions, some belong to another one.
        for (const [sagaId, state] of sagas) if (this.#isMine(sagaId)) this.drive(sagaId, settled(state))
        this.#freed()
      },
      (error) => {
        for (const position of positions) {
          this.#lookups.delete(position)
          this.#due.add({ dueMs: this.#options.clock.now() + backoffMs(10), position })
        }
        this.#fail(error)
      },
    )
    for (const position of positions) this.#lookups.set(position, found)
  }

  async #run(sagaId: string, known: SagaState | undefined): Promise<void> {
    const course = this.#courses.get(sagaId)!
    let state = known
    do {
      if (this.#signal.aborted) {
        this.#interrupted.add(sagaId)
        break
      }
      course.isToldAgain = false
      try {
        const driven = await driveSaga(this.#options, { sagaId, signal: this.#signal, known: state })
        state = driven.state
        if (this.#signal.aborted) this.#interrupted.add(sagaId)
        else if (!course.isToldAgain) this.#settle(sagaId, driven)
      } catch (error) {
        this.#interrupted.add(sagaId)
        this.#fail(error)
      }
      state = undefined
    } while (course.isToldAgain)
    this.#courses.delete(sagaId)
    this.#freed()
  }

  /** Whatever it comes to, what is under way has one entry, or is listed with its problem, or waits for what comes in. */
  #settle(sagaId: string, { state, dueMs, fault, waits, problem }: Driven): void {
    if (problem === undefined && state?.status === 'compensationFailed') {
      const { step, reason } = state.compensationFailure!
      this.problems.set(sagaId, `The compensation of step "${step}" was refused: ${reason}.`)
    } else if (problem === undefined) this.problems.delete(sagaId)
    else this.problems.set(sagaId, messageOf(problem))
    if (fault === undefined) this.#tries.delete(sagaId)
    if (!state || problem !== undefined) return
    if (fault !== undefined) {
      this.#fault = fault
      const tries = this.#tries.get(sagaId) ?? 0
      if (this.#tries.size < sagaTriesKeptMax) this.#tries.set(sagaId, tries + 1)
      const againMs = this.#options.clock.now() + backoffMs(tries, waits)
      this.#due.add({ dueMs: dueMs === undefined ? againMs : Math.min(againMs, dueMs), position: state.position })
    } else if (dueMs !== undefined) this.#due.add({ dueMs, position: state.position })
  }

  #fail(error: unknown): void {
    if (!isIndelibleError(error, 'store_closed')) {
      this.#failure = error
      this.#broken.abort()
    }
    this.#room?.()
  }

  /** All that are freed in the same turn of the event loop make room for others that are looked up together. */
  #freed(): void {
    this.#room?.()
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined
      this.look()
    })
  }
}

/** One that awaits the answer to a command is loaded by whoever drives it, who must know that it was not its own. */
function settled(state: SagaState | undefined): SagaState | undefined {
  return state?.commands.size === 0 ? state : undefined
}
