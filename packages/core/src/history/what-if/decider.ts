// Decides recorded commands on a fork of the log, by the same path as commands are carried out.
import { canonicalText } from '../../kernel/canonical.ts'
import type { Command } from '../../kernel/commands.ts'
import { type ErrorCode, isIndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { System } from '../../kernel/system.ts'
import { systemIds } from '../../kernel/system-clock.ts'
import type { Clock } from '../../kernel/time.ts'
import { RecordedTypes } from '../../kernel/upcasts.ts'
import type { CommandHandler } from '../../runtime/commands/command-handler.ts'
import { commandHandlerOf } from '../../runtime/commands/compose-commands.ts'
import type { SendOptions } from '../../runtime/commands/outcome.ts'
import { Telemetry } from '../../runtime/telemetry/index.ts'
import { DomainLog } from '../../store/domain-log.ts'
import type { EventStore } from '../../store/port.ts'
import type { SnapshotStore } from '../../store/snapshots.ts'
import type { CommittedEvents } from '../commits.ts'
import { type DecisionOutcome, inputOf, ofTheCode, shownOf } from '../decisions.ts'

/** How a command came out on the fork. */
export interface Decided {
  readonly outcome: DecisionOutcome
  readonly events: readonly RecordedEvent[]
}

export class Decider {
  readonly #types: ReadonlySet<string>
  readonly #events: RecordedTypes
  readonly #store: EventStore
  readonly #commands: CommandHandler

  constructor({
    system,
    store,
    clock,
  }: { readonly system: System; readonly store: EventStore; readonly clock: Clock }) {
    this.#store = store
    this.#types = new Set(system.commands.map(({ category, type }) => `${category}/${type}`))
    this.#events = RecordedTypes.of(system.events)
    const parts = {
      store,
      log: new DomainLog(store),
      clock,
      ids: systemIds,
      snapshots: noSnapshots,
      notify: () => {},
      notCarriedOut: () => {},
      domainCode: 'watched',
      telemetry: new Telemetry(),
    } as const
    this.#commands = commandHandlerOf(system, parts)
  }

  canDecide({ category, metadata: { command } }: RecordedEvent): boolean {
    return command !== undefined && command.notJson === undefined && this.#types.has(`${category}/${command.type}`)
  }

  /** A command of the log, with everything that came with it. */
  async again([first]: CommittedEvents): Promise<Decided> {
    const { streamId: id, category, metadata } = first
    const { command, actor, commandId, correlationId, causationId, traceparent, issuedAt, requestHash, ...others } =
      metadata
    const given = { actor, commandId, correlationId, causationId, traceparent, validAt: command!.validAt }
    const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const input = inputOf(command!, first)
    return await this.send({ type: command!.type, category, id, input }, { ...options, metadata: others })
  }

  /** Throws faults of the fork, and `unknown_command`. */
  async send(command: Command, options: SendOptions | undefined): Promise<Decided> {
    const { position: before } = await this.#store.head()
    try {
      const outcome = await this.#commands.send(command, options)
      if (outcome.status === 'refused') {
        const { status, reason, details } = outcome
        return { outcome: { status, reason, details }, events: [] }
      }
      if (outcome.status === 'conflict') {
        const message = `The aggregate is at version ${outcome.version}, not at ${outcome.expectedVersion}.`
        return { outcome: { status: 'failed', message }, events: [] }
      }
    } catch (error) {
      if (isIndelibleError(error) && ![...ofTheCode, ...ofTheId].includes(error.code)) throw error
      return { outcome: { status: 'failed', message: messageOf(error) }, events: [] }
    }
    const events: RecordedEvent[] = []
    for await (const batch of this.#store.read('all', { from: before + 1 })) events.push(...batch.events)
    return { outcome: this.outcomeOf(events), events }
  }

  /** Whether a recorded event is seen as an event of a type. */
  isSeenAs({ type: name }: RecordedEvent, type: string): boolean {
    return name === type || this.#events.sightsOf(name).some((sight) => sight.type.type === type)
  }

  /** That events were recorded, told in their newest form. */
  outcomeOf(events: readonly RecordedEvent[]): DecisionOutcome {
    return { status: 'accepted', events: this.#events.newest(events).map((event) => shownOf(event, undefined)) }
  }
}

/** An added command may take the id of one that follows. */
const ofTheId: readonly ErrorCode[] = ['command_id_reused', 'command_claimed']

/** Those of the log are of another history. */
const noSnapshots: SnapshotStore = { load: async () => undefined, save: async () => {} }

/** Compared by value: older events are in their newest form. */
export function isSameOutcome(one: DecisionOutcome, other: DecisionOutcome): boolean {
  const text = canonicalText(one)
  return text !== undefined && text === canonicalText(other)
}
