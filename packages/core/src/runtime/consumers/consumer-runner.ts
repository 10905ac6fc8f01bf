// Runs a reaction or subscription: goes on where it was, pauses and resumes it for operators, and tries again after faults.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { ConsumerRecord } from '../../store/consumers.ts'
import { type Term, whileHeld } from '../leases/index.ts'
import { consumerStopMsMax } from '../limits.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause } from '../waiting.ts'
import { ConsumerPlace, type ConsumerPlaceOptions } from './consumer-place.ts'
import type { Consumer, Progress, StartDelivery } from './delivery.ts'
import { fittingParked, misfitOf } from './fitting.ts'
import { Following, type FollowingContext } from './following.ts'
import {
  type ConsumerError,
  type ConsumerState,
  describeError,
  errorOfParked,
  heldBy,
  type ReactionStatus,
} from './status.ts'

export interface ConsumerRunnerOptions
  extends ConsumerPlaceOptions,
    Pick<FollowingContext, 'log' | 'clock' | 'notify'> {}

export class ConsumerRunner {
  readonly #consumer: Consumer
  readonly #options: ConsumerRunnerOptions
  readonly #startDelivery: StartDelivery
  readonly #place: ConsumerPlace
  readonly #stop = new AbortController()
  readonly #waiters: Waiters
  #state: ConsumerState = 'starting'
  #error: ConsumerError | undefined
  /** Aborts the current turn. The next one does what the stored record says. */
  #turn = new AbortController()
  #following: Following | undefined
  /** Whether the next turn tries again to handle what is parked. */
  #retriesParked = false
  #running: Promise<void> = Promise.resolve()
  /** What operators do, one action after the other. */
  #controlled: Promise<unknown> = Promise.resolve()

  constructor(consumer: Consumer, startDelivery: StartDelivery, options: ConsumerRunnerOptions) {
    this.#consumer = consumer
    this.#startDelivery = startDelivery
    this.#options = options
    this.#place = new ConsumerPlace(consumer, options, (record) => void this.#inTurn(() => this.#changed(record)))
    this.#waiters = new Waiters(this.#what)
    const { holding } = options
    holding.report = () => ({ position: this.position, state: this.#stateNow })
    holding.told = ({ position }) => this.#waiters.restart(position)
  }

  /** Resolves when it is recorded where the consumer begins, or that has failed once. */
  begun: Promise<unknown> = Promise.resolve()

  start(): void {
    this.#place.started()
    this.begun = Promise.allSettled([this.#place.load()])
    this.#running = this.#run()
  }

  /** Resolves between two events, or after {@link consumerStopMsMax} at any point. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#turn.abort()
    const inTime = new AbortController()
    await Promise.race([this.#running, pause(consumerStopMsMax, inTime.signal)])
    inTime.abort()
    this.#stopped()
  }

  get position(): Position {
    return this.#waiters.reached
  }

  status(head: Position): ReactionStatus {
    const { name, kind } = this.#consumer
    const { parked } = this.#place
    const fault = this.#following?.fault
    const error = this.#error ?? fault ?? (parked[0] && errorOfParked(parked[0]))
    return {
      name,
      kind,
      state: this.#stateNow,
      ...heldBy(this.#options.holding),
      position: this.position,
      lagEvents: Math.max(0, head - this.position),
      parked,
      ...(error ? { error } : {}),
    }
  }

  /** Resolves when everything up to a position is handled or parked. Throws `consumer_parked` if nothing more can be handled, `wait_timeout`, `store_closed`, `aborted`. */
  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    await this.#waiters.reach(position, options)
  }

  /** Stops what is being handled; `resume` handles it again. Durable when it resolves. If another process runs the consumer, that stops soon. */
  async pause(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#place.save({ isPaused: true })
      this.#turn.abort()
    })
  }

  /** Goes on, and tries again to handle what is parked. A consumer of another history goes on at the end of the log. */
  async resume(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#place.save({ isPaused: false })
      if (this.#options.holding.term) await this.#resumed()
    })
  }

  /** Acts on what operators did through other processes. */
  async look(): Promise<void> {
    if (this.#options.holding.term) await this.#place.look()
  }

  async #changed({ isPaused }: ConsumerRecord): Promise<void> {
    if (isPaused) this.#turn.abort()
    else await this.#resumed()
  }

  async #resumed(): Promise<void> {
    const record = await this.#place.load()
    // The operator has seen the divergence only if the status shows it.
    if (this.#state === 'diverged' && (await this.#misfit(record))) {
      await this.#place.save(await this.#place.moveToEnd(record))
      this.#place.progress = undefined
    }
    if (this.#following && !this.#turn.signal.aborted) this.#following.retryParked()
    else {
      this.#retriesParked = true
      this.#turn.abort()
    }
  }

  get #stateNow(): ConsumerState {
    if (this.#state !== 'running') return this.#state
    return this.#following?.fault ? 'retrying' : this.#following?.isBlocked ? 'parked' : 'running'
  }

  get #what(): string {
    return `The ${this.#consumer.kind} "${this.#consumer.name}"`
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#controlled
      .catch(() => {})
      .then(async () => {
        if (this.#stop.signal.aborted) throw this.#closed()
        await act()
      })
    this.#controlled = done
    await done
  }

  async #run(): Promise<void> {
    await whileHeld(this.#options.holding, {
      stop: this.#stop.signal,
      standBy: () => this.#standBy(),
      run: (term) => this.#runFor(term),
    })
    this.#stopped()
  }

  #standBy(): void {
    this.#state = 'standby'
    this.#error = undefined
    // Whoever runs it meanwhile knows better how far it is.
    this.#place.progress = undefined
    this.#retriesParked = false
  }

  async #runFor({ over }: Term): Promise<void> {
    over.addEventListener('abort', () => this.#turn.abort())
    const isOver = () => this.#stop.signal.aborted || over.aborted
    for (let attempt = 0; !isOver(); ) {
      this.#turn = new AbortController()
      const { signal } = this.#turn
      try {
        await this.#place.load()
        // What was handled before a fault may not be stored yet.
        await this.#place.save()
        await this.#goOn(signal, () => {
          attempt = 0
        })
        attempt = 0
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) break
        this.#state = 'retrying'
        this.#error = describeError(error)
        // The fault has aborted the turn. An operator can end the wait for the next one.
        this.#turn = new AbortController()
        if (!isOver()) await backoff(attempt++, this.#turn.signal)
      }
    }
    // If this fails, the next start, or another process, handles again what was handled since the last save.
    await this.#place.save().catch(() => {})
  }

  async #goOn(signal: AbortSignal, onProgress: () => void): Promise<void> {
    const record = await this.#place.load()
    const { position } = record.checkpoint
    this.#waiters.restart(position)
    if (record.isPaused) return await this.#rest('paused', undefined, signal)
    const misfit = await this.#misfit(record)
    if (misfit) {
      this.#waiters.fail(misfit)
      return await this.#rest('diverged', describeError(misfit), signal)
    }
    const parked = await fittingParked(this.#options.store, record.parked, position)
    if (!signal.aborted) await this.#follow({ handledThrough: position, parked }, onProgress)
  }

  async #follow(progress: Progress, onProgress: () => void): Promise<void> {
    const { log, clock, notify } = this.#options
    const context: FollowingContext = {
      consumer: this.#consumer,
      what: this.#what,
      log,
      clock,
      notify,
      place: this.#place,
      waiters: this.#waiters,
      startDelivery: this.#startDelivery,
    }
    const following = new Following(context, progress, this.#turn)
    this.#following = following
    this.#state = 'running'
    this.#error = undefined
    const retriesParked = this.#retriesParked
    this.#retriesParked = false
    try {
      await following.run({ retriesParked, onProgress })
    } finally {
      this.#following = undefined
      if (following.hasFailed) this.#retriesParked = true
    }
  }

  async #rest(state: ConsumerState, error: ConsumerError | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    this.#state = state
    this.#error = error
    await pause(Number.POSITIVE_INFINITY, signal)
  }

  async #misfit({ checkpoint }: ConsumerRecord): Promise<IndelibleError | undefined> {
    return await misfitOf(this.#what, checkpoint, this.#options.store)
  }

  #closed(): IndelibleError {
    return new IndelibleError('store_closed', `${this.#what} was stopped.`)
  }

  #stopped(): void {
    this.#state = 'stopped'
    this.#waiters.fail(this.#closed())
  }
}
