// Copies the events of another system into this log: each once, in their order there. It goes on where it was, and waits at the end of the other log.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { recordedNames } from '../../kernel/recorded-forms.ts'
import { type AnyRemoteSystem, remotePrefix } from '../../kernel/remotes.ts'
import { type Clock, instant } from '../../kernel/time.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import type { Checkpoint, EventStore } from '../../store/port.ts'
import { CheckpointSaver } from '../consumers/checkpoint-saver.ts'
import {
  type ConsumerError,
  type ConsumerState,
  type ConsumerStatus,
  describeError,
  heldBy,
} from '../consumers/status.ts'
import { StoredRecord } from '../consumers/stored-record.ts'
import { type Holding, type Term, whileHeld } from '../leases/index.ts'
import { checkpointEveryMs, consumerStopMsMax, feedWaitMs, passedCheckpointMs, standByMs } from '../limits.ts'
import { appendTo, type Telemetry } from '../telemetry/index.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause } from '../waiting.ts'
import type { RemoteConnection } from './connection.ts'
import { copiedEvent, copyId } from './copied-event.ts'

/** The status of the feed of another system. Positions are those of the log there; while it cannot be reached, `retrying` says why. */
export interface FeedStatus extends ConsumerStatus {
  readonly kind: 'feed'
}

export interface FeedRunnerOptions {
  readonly remote: AnyRemoteSystem
  readonly connection: RemoteConnection
  readonly store: EventStore
  readonly records: ConsumerRecords
  readonly holding: Holding
  readonly clock: Clock
  readonly telemetry: Telemetry
}

export class FeedRunner {
  readonly #options: FeedRunnerOptions
  readonly #types: readonly string[]
  readonly #stop = new AbortController()
  readonly #waiters: Waiters
  readonly #record: StoredRecord
  #running: Promise<void> = Promise.resolve()
  /** Aborts what is under way, to do what the record says next. */
  #turn = new AbortController()
  #state: ConsumerState = 'starting'
  #error: ConsumerError | undefined
  /** Another process has the record. */
  #hasBegun = false
  /** How far this process is, which may be further than what is stored. */
  #place: Checkpoint | undefined
  /** The end of the other log, as it was last told. */
  #head: Position = 0

  constructor(options: FeedRunnerOptions) {
    this.#options = options
    const { remote, records, holding } = options
    const prefix = remotePrefix(remote)
    this.#types = recordedNames(Object.values(remote.events)).map((name) => name.slice(prefix.length))
    this.#waiters = new Waiters(this.#what)
    this.#record = new StoredRecord({
      name: remote.name,
      records,
      holding,
      begin: () => this.#begin(),
      changed: ({ isPaused }) => void (isPaused ? this.#turn.abort() : this.#resumed()),
    })
    holding.report = () => ({ position: this.position, state: this.#state })
    holding.told = ({ position }) => this.#waiters.restart(position)
  }

  /** Whether it is known from where on events are heard. */
  get hasBegun(): boolean {
    return this.#hasBegun || this.#record.current !== undefined
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#turn.abort()
    const inTime = new AbortController()
    await Promise.race([this.#running, pause(consumerStopMsMax, inTime.signal)])
    inTime.abort()
    this.#state = 'stopped'
    this.#waiters.fail(new IndelibleError('store_closed', `${this.#what} was stopped.`))
  }

  /** Everything up to here in the other log was copied. */
  get position(): Position {
    return this.#waiters.reached
  }

  status(): FeedStatus {
    return {
      name: this.#options.remote.name,
      kind: 'feed',
      state: this.#state,
      ...heldBy(this.#options.holding),
      position: this.position,
      lagEvents: Math.max(0, this.#head - this.position),
      ...(this.#error ? { error: this.#error } : {}),
    }
  }

  /** Resolves when everything up to a position of the other log was copied. Throws `wait_timeout`, `store_closed`, `aborted`. */
  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    await this.#waiters.reach(position, options)
  }

  async pause(): Promise<void> {
    await this.#change({ isPaused: true })
    this.#turn.abort()
  }

  /**
   * Goes on. Where the other log was restored from an older copy, it begins again where it began at first: what was copied before is known by its id and
   * not copied twice.
   */
  async resume(): Promise<void> {
    await this.#change({ isPaused: false })
    if (this.#options.holding.term) await this.#resumed()
  }

  /** Acts on what operators did through other processes. */
  async look(): Promise<void> {
    if (this.#options.holding.term) await this.#record.look()
  }

  async #resumed(): Promise<void> {
    const again = this.#state === 'diverged' ? await this.#firstPlace() : undefined
    if (again) {
      this.#place = undefined
      await this.#change({ checkpoint: again })
    }
    this.#turn.abort()
  }

  get #what(): string {
    return `The feed of the other system "${this.#options.remote.name}"`
  }

  async #change(change: Partial<ConsumerRecord>): Promise<void> {
    const { clock } = this.#options
    const place = this.#place ? { checkpoint: this.#place } : {}
    await this.#record.change((before) => ({ ...before, ...place, ...change, updatedAt: instant(clock.now()) }))
  }

  async #save(): Promise<void> {
    const { clock } = this.#options
    await this.#record.change((before) => {
      const checkpoint = this.#place
      if (!checkpoint || checkpoint.position === before.checkpoint.position) return undefined
      return { ...before, checkpoint, updatedAt: instant(clock.now()) }
    })
  }

  /** The place is stored before anything is sent to the other system, so that no answer is missed. */
  async #begin(): Promise<ConsumerRecord> {
    const { remote, clock } = this.#options
    const checkpoint = remote.from === 'beginning' ? start : await this.#endThere()
    const updatedAt = instant(clock.now())
    return { name: remote.name, checkpoint, isPaused: false, parked: [], updatedAt, kept: checkpoint }
  }

  async #endThere(): Promise<Checkpoint> {
    const asked = { types: this.#types, waitMs: 0 }
    const { position, history } = await this.#options.connection.readFeed(asked, { signal: this.#stop.signal })
    return { position, history }
  }

  /** Where it began, or if the other log has not even that any more, the end of it. */
  async #firstPlace(): Promise<Checkpoint> {
    const { connection } = this.#options
    const { kept, checkpoint } = await this.#record.load()
    const first = kept as Checkpoint
    if (first.position === 0) return start
    if (first.position === checkpoint.position) return await this.#endThere()
    try {
      await connection.readFeed({ types: this.#types, after: first.position, history: first.history, waitMs: 0 })
      return first
    } catch (error) {
      if (isIndelibleError(error, 'feed_diverged')) return await this.#endThere()
      throw error
    }
  }

  async #run(): Promise<void> {
    await whileHeld(this.#options.holding, {
      stop: this.#stop.signal,
      standBy: () => void this.#standBy(),
      run: (term) => this.#runFor(term),
    })
  }

  async #standBy(): Promise<void> {
    this.#state = 'standby'
    this.#error = undefined
    this.#place = undefined
    // What is sent from here waits until it is known from where on answers are heard.
    const { records, remote, holding } = this.#options
    while (!this.#stop.signal.aborted && !holding.term && !this.#hasBegun) {
      this.#hasBegun = (await records.load(remote.name).catch(() => undefined)) !== undefined
      if (!this.#hasBegun) await pause(standByMs, this.#stop.signal)
    }
  }

  async #runFor({ over }: Term): Promise<void> {
    const stop = AbortSignal.any([this.#stop.signal, over])
    for (let attempt = 0; !stop.aborted; ) {
      this.#turn = new AbortController()
      const signal = AbortSignal.any([stop, this.#turn.signal])
      const saver = new CheckpointSaver(() => this.#save())
      try {
        const { isPaused, checkpoint } = await this.#record.load()
        if (isPaused) await this.#rest('paused', undefined, signal)
        else {
          await this.#follow(this.#place ?? checkpoint, { signal, saver }, () => {
            attempt = 0
          })
        }
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) break
        if (signal.aborted) continue
        const resting = restOf(error)
        if (resting) await this.#rest(resting, error, signal)
        else {
          this.#state = 'retrying'
          this.#error = describeError(error)
          await backoff(attempt++, signal)
        }
      } finally {
        saver.end()
      }
    }
    await this.#save().catch(() => {})
  }

  async #follow(
    from: Checkpoint,
    { signal, saver }: { readonly signal: AbortSignal; readonly saver: CheckpointSaver },
    onProgress: () => void,
  ): Promise<void> {
    const { connection } = this.#options
    this.#waiters.restart(from.position)
    // The first page comes at once, so that the status soon says whether the other system can be reached.
    for (let place = from, empty = 0, waitMs = 0; !signal.aborted; waitMs = feedWaitMs) {
      const asked = { types: this.#types, after: place.position, history: place.history || undefined, waitMs }
      const askedAt = performance.now()
      const { events, position, history, head } = await connection.readFeed(asked, { signal })
      if (signal.aborted) return
      this.#head = head
      this.#state = 'running'
      this.#error = undefined
      onProgress()
      await saver.whenSound(signal)
      for (const event of events) await this.#copy(event)
      place = { position, history }
      this.#place = place
      this.#waiters.advance(position)
      saver.soon(events.length > 0 ? checkpointEveryMs : passedCheckpointMs)
      // The other system had to wait for an event, and did not.
      const isHasty = events.length === 0 && performance.now() - askedAt < waitMs / 2
      empty = isHasty ? empty + 1 : 0
      if (isHasty) await backoff(empty, signal)
    }
  }

  async #copy(event: RecordedEvent): Promise<void> {
    const { remote, store, telemetry } = this.#options
    const commit = { events: [copiedEvent(remote, event)], commandId: copyId(remote, event) }
    try {
      await appendTo(store, telemetry)(commit, { reserved: true }, event.metadata.traceparent)
    } catch (error) {
      if (!isIndelibleError(error) || error.retryable || !error.code.startsWith('invalid_')) throw error
      throw new IndelibleError(
        'consumer_parked',
        `${this.#what} cannot copy ${event.type} at position ${event.position} there: ${error.message}`,
        { details: { position: event.position }, cause: error },
      )
    }
  }

  async #rest(state: ConsumerState, error: unknown, signal: AbortSignal): Promise<void> {
    this.#state = state
    this.#error = error === undefined ? undefined : describeError(error)
    if (isIndelibleError(error)) this.#waiters.fail(error)
    await pause(Number.POSITIVE_INFINITY, signal)
  }
}

const start: Checkpoint = { position: 0, history: '' }

/** A fault that does not pass by itself: a person resumes the feed. */
function restOf(error: unknown): ConsumerState | undefined {
  if (isIndelibleError(error, 'feed_diverged')) return 'diverged'
  return isIndelibleError(error) && !error.retryable ? 'parked' : undefined
}
