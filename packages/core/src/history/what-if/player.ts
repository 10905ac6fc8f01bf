// Plays what a log has after a position into a fork of it, with changes.
import type { Command } from '../../kernel/commands.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { NewEvent, RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { refuseReserved } from '../../kernel/reserved.ts'
import { checkedStreamName, type StreamName } from '../../kernel/streams.ts'
import type { System } from '../../kernel/system.ts'
import { systemIds } from '../../kernel/system-clock.ts'
import { epochMs, type Instant } from '../../kernel/time.ts'
import { whatIfEventsMax } from '../../runtime/limits.ts'
import { heardOf } from '../../runtime/processes/events.ts'
import type { OpenFork } from '../../store/fork.ts'
import type { EventStore } from '../../store/port.ts'
import { type CommittedEvents, commitsIn } from '../commits.ts'
import type { DecisionOutcome } from '../decisions.ts'
import type { Changes } from './changes.ts'
import { Decider, isSameOutcome } from './decider.ts'
import { withClaims, withDeclaredTags } from './tagged.ts'

/** A command that came out differently, or was not given. */
export interface OtherDecision {
  /** Of its first event in the log; for an added command, the position behind which it was added. */
  readonly position: Position
  readonly isAdded: boolean
  readonly stream: StreamName
  readonly command: string
  readonly commandId: string | null
  /** Null for an added command. */
  readonly recorded: DecisionOutcome | null
  /** `left out`: what caused it did not happen. */
  readonly now: DecisionOutcome | { readonly status: 'left out' }
}

/** How the log is played again. */
export interface PlayOptions {
  /** Where the log as it would be is kept: `forkOf` of `indelible/memory`. */
  readonly fork: OpenFork
  /**
   * Decides every recorded command from the first change on again, with the code of this system: a command may then be refused, or record other events. What was
   * caused by an event that did not happen is left out. Without it, all other events stay as they were recorded.
   */
  readonly decide?: System | undefined
  /** The default is {@link whatIfEventsMax}. */
  readonly eventsMax?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Told after each commit, with positions of the log. */
  readonly onProgress?: ((done: Position, end: Position) => void) | undefined
}

export interface PlayerOptions extends PlayOptions {
  readonly changes: Changes
  readonly forkedAt: Position
  readonly end: Position
}

export class Player {
  readonly #log: EventStore
  readonly #options: PlayerOptions
  readonly #fork: EventStore
  readonly #decider: Decider | undefined
  /** What the fork takes next: the time of recording, and the ids of the events that are played. */
  readonly #now: Now
  /** The ids and the positions of events that the fork does not have. */
  readonly #gone = new Set<unknown>()
  readonly #streams = new Set<StreamName>()
  readonly #differences: OtherDecision[] = []
  #decided = 0

  /** Opens the fork. */
  static async of(log: EventStore, options: PlayerOptions): Promise<Player> {
    const now: Now = { recordedMs: 0, issuedMs: 0, ids: [] }
    const clock = { now: () => now.recordedMs }
    const store = await options.fork(log, { at: options.forkedAt, clock, ids: () => now.ids.shift() ?? systemIds() })
    return new Player(log, options, { store, now })
  }

  constructor(log: EventStore, options: PlayerOptions, { store, now }: { store: EventStore; now: Now }) {
    this.#log = log
    this.#options = options
    this.#fork = store
    this.#now = now
    const { decide: system } = options
    this.#decider = system && new Decider({ system, store, clock: { now: () => now.issuedMs } })
  }

  async play(): Promise<void> {
    const { forkedAt, end, eventsMax = whatIfEventsMax, signal, onProgress } = this.#options
    if (end - forkedAt > eventsMax) {
      throw new IndelibleError(
        'what_if_too_large',
        `From position ${forkedAt + 1} on the log has ${end - forkedAt} events, more than the ${eventsMax} that are played again in memory. Begin later.`,
        { details: { from: forkedAt + 1, end } },
      )
    }
    this.#now.recordedMs = await this.#startMs()
    await this.#addAfter(forkedAt)
    const range = { from: forkedAt + 1, to: end, reserved: true }
    for await (const commit of commitsIn(this.#log.read('all', range))) {
      signal?.throwIfAborted()
      const [first] = commit
      this.#now.recordedMs = epochMs(first.recordedAt)
      this.#now.issuedMs = epochMs((first.metadata.issuedAt as Instant | undefined) ?? first.recordedAt)
      await this.#take(commit)
      for (const { position } of commit) await this.#addAfter(position)
      onProgress?.(commit.at(-1)!.position, end)
    }
  }

  result() {
    const [store, differences, streams] = [this.#fork, this.#differences, [...this.#streams]]
    return { store, differences, streams, decided: this.#decided }
  }

  /** What is added before the first event happens at its time. */
  async #startMs(): Promise<number> {
    for await (const { events } of this.#log.read('all', { limit: 1, reserved: true }))
      return epochMs(events[0]!.recordedAt)
    return 0
  }

  async #take(commit: CommittedEvents): Promise<void> {
    if (this.#isTouched(commit) || !this.#decider) return await this.#append(commit)
    if (this.#isWithoutCause(commit)) return this.#leaveOut(commit)
    if (!this.#decider.canDecide(commit[0])) return await this.#append(commit)
    await this.#decide(commit, this.#decider)
  }

  /** As recorded, but for the changes. */
  async #append(commit: CommittedEvents): Promise<void> {
    const { changes, decide: system } = this.#options
    const events: NewEvent[] = []
    for (const event of commit) {
      const { position, stream, data: was } = event
      if (changes.isLeftOut(position)) this.#isNotThere(event)
      else if (changes.isChanged(position)) {
        const changed = { ...asNew(event), data: changes.dataAt(position) }
        events.push(system ? withDeclaredTags(changed, system, was) : changed)
        this.#streams.add(stream)
      } else events.push(asNew(event))
    }
    if (events.length === 0) return
    const commandId = await this.#commandIdOf(commit)
    const outcome = await this.#fork.append(
      {
        events: this.#isTouched(commit) ? await this.#claimed(events) : events,
        ...(commandId !== undefined && { commandId }),
      },
      { reserved: true },
    )
    // An added command has taken its id.
    if (outcome.status !== 'written') for (const event of commit) this.#isNotThere(event)
  }

  /** Whoever looks for a commit by its id finds it on the fork too. */
  async #commandIdOf([{ metadata, position }]: CommittedEvents): Promise<string | undefined> {
    const { commandId } = metadata
    if (typeof commandId !== 'string') return undefined
    return (await this.#log.findCommit(commandId))?.firstPosition === position ? commandId : undefined
  }

  async #claimed(events: readonly NewEvent[]): Promise<readonly NewEvent[]> {
    const { decide: system, fork } = this.#options
    return system ? await withClaims(events, { system, fork, store: this.#fork }) : events
  }

  /** Whether the given past says something else of it. */
  #isTouched(commit: CommittedEvents): boolean {
    const { changes } = this.#options
    return commit.some(({ position }) => changes.isLeftOut(position) || changes.isChanged(position))
  }

  #isWithoutCause([first]: CommittedEvents): boolean {
    return this.#gone.has(first.metadata.causationId) || this.#gone.has(heardOf(first))
  }

  #isNotThere({ id, position, stream }: RecordedEvent): void {
    this.#gone.add(id).add(position)
    this.#streams.add(stream)
  }

  #leaveOut(commit: CommittedEvents): void {
    for (const event of commit) this.#isNotThere(event)
    if (commit[0].metadata.command) this.#differ(commit, { status: 'left out' })
  }

  async #decide(commit: CommittedEvents, decider: Decider): Promise<void> {
    this.#decided++
    this.#now.ids = commit.map(({ id }) => id)
    const { outcome, events } = await decider.again(commit)
    this.#now.ids = []
    if (isSameOutcome(outcome, decider.outcomeOf(commit))) return
    // An event of another type is another event, though it has the id of the recorded one.
    commit.forEach((event, index) => {
      const now = events[index]
      if (!now || !decider.isSeenAs(event, now.type)) this.#isNotThere(event)
    })
    for (const { stream } of events) this.#streams.add(stream)
    this.#differ(commit, outcome)
  }

  #differ(commit: CommittedEvents, now: OtherDecision['now']): void {
    const [{ position, stream, metadata }] = commit
    this.#differences.push({
      position,
      isAdded: false,
      stream,
      command: metadata.command!.type,
      commandId: metadata.commandId ?? null,
      recorded: this.#decider!.outcomeOf(commit),
      now,
    })
  }

  async #addAfter(position: Position): Promise<void> {
    const { changes, decide: system } = this.#options
    for (const event of changes.eventsAfter(position)) {
      refuseReserved(event)
      const events = await this.#claimed([system ? withDeclaredTags(event, system) : event])
      await this.#fork.append({ events }, { reserved: true })
      this.#streams.add(event.stream)
    }
    for (const { command, options } of changes.commandsAfter(position)) {
      const { recordedAt } = await this.#fork.head()
      if (recordedAt !== null) this.#now.recordedMs = epochMs(recordedAt)
      this.#now.issuedMs = this.#now.recordedMs
      this.#decided++
      const { outcome, events } = await this.#decider!.send(command as Command, options)
      for (const { stream } of events) this.#streams.add(stream)
      const { category, id, type } = command
      const stream = checkedStreamName(`${category}-${id}`)
      this.#differences.push({
        position,
        isAdded: true,
        stream,
        command: type,
        commandId: null,
        recorded: null,
        now: outcome,
      })
    }
  }
}

interface Now {
  recordedMs: number
  issuedMs: number
  ids: string[]
}

function asNew(event: RecordedEvent): NewEvent {
  const { id, stream, type, schemaVersion, contentType, dataBytes: data, metadataBytes, tags, validAt } = event
  const metadata = metadataBytes.length === 0 ? {} : { metadata: metadataBytes }
  return { id, stream, type, schemaVersion, contentType, data, ...metadata, tags, validAt }
}
