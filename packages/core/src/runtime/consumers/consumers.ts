// Status and controls of everything that follows the log: projections, sagas, reactions, subscriptions and the Merkle tree.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { System } from '../../kernel/system.ts'
import type { EventStore } from '../../store/port.ts'
import { waitTimeoutMsDefault } from '../limits.ts'
import type { OperatorLog } from '../operator-log.ts'
import type { SagaRunner } from '../processes/saga-runner.ts'
import type { SagaRunnerStatus } from '../processes/saga-status.ts'
import type { ProjectionHost } from '../projections/host.ts'
import type { ProjectionStatus } from '../projections/status.ts'
import { treeName } from '../proofs/tree-keys.ts'
import type { TreeRunner, TreeStatus } from '../proofs/tree-runner.ts'
import type { FeedRunner, FeedStatus } from '../remotes/feed-runner.ts'
import type { WaitOptions } from '../waiting.ts'
import type { By } from './by.ts'
import type { ConsumerRunner } from './consumer-runner.ts'
import type { ReactionStatus } from './status.ts'

/** A declaration, or only its name. */
export interface Named {
  readonly name: string
}

/** `kind` says which one it is. */
export type AnyConsumerStatus = ProjectionStatus | SagaRunnerStatus | ReactionStatus | FeedStatus | TreeStatus

/** What can be done with a consumer of any kind. */
interface Controls {
  status(head: Position): Promise<AnyConsumerStatus>
  position(): Promise<Position>
  waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  look(): Promise<void>
}

export interface ConsumersOptions {
  readonly store: EventStore
  readonly operators: OperatorLog
  readonly projections: ProjectionHost
  readonly sagas: ReadonlyMap<string, SagaRunner>
  readonly reactions: ReadonlyMap<string, ConsumerRunner>
  readonly feeds: ReadonlyMap<string, FeedRunner>
  readonly tree: TreeRunner | undefined
}

export class Consumers {
  readonly #store: EventStore
  readonly #operators: OperatorLog
  readonly #projections: ProjectionHost
  /** All consumers except projections, in the order of declaration. */
  readonly #others: ReadonlyMap<string, Controls>
  readonly #projectionNames: ReadonlySet<string>

  constructor(system: System, { store, operators, projections, sagas, reactions, feeds, tree }: ConsumersOptions) {
    this.#store = store
    this.#operators = operators
    this.#projections = projections
    this.#projectionNames = new Set(system.projections.map(({ name }) => name))
    this.#others = new Map(
      [...sagas, ...reactions, ...feeds, ...(tree ? [[treeName, tree] as const] : [])].map(controlled),
    )
  }

  /** The status of each, projections first. */
  async list(): Promise<readonly AnyConsumerStatus[]> {
    const { position: head } = await this.#store.head()
    const others = [...this.#others.values()].map((each) => each.status(head))
    return [...(await this.#projections.status(head)), ...(await Promise.all(others))]
  }

  /** Throws `unknown_consumer`. */
  async show({ name }: Named): Promise<AnyConsumerStatus> {
    const { position: head } = await this.#store.head()
    const other = this.#controlsOf(name)
    if (other) return await other.status(head)
    return (await this.#projections.status(head)).find((each) => each.name === name)!
  }

  /** Everything up to here is handled. This is cheap, unlike a whole status. Throws `unknown_consumer`. */
  async position({ name }: Named): Promise<Position> {
    const other = this.#controlsOf(name)
    return await (other ? other.position() : this.#projections.call('position', { name }))
  }

  /**
   * Resolves when everything up to a position is handled. Throws `wait_timeout` (with `details.reached`), `projection_parked`, `unknown_consumer`,
   * `invalid_position`, `invalid_duration`, `store_closed`, `aborted`.
   */
  async waitFor({ name }: Named, position: Position, options: WaitOptions = {}): Promise<void> {
    const { timeoutMs = waitTimeoutMsDefault, ...others } = options
    const other = this.#controlsOf(name)
    await (other
      ? other.waitFor(position, { timeoutMs, ...others })
      : this.#projections.call('waitFor', { name, position, timeoutMs }, others))
  }

  /** Pauses a consumer until it is resumed, also after restarts. The log records who did it. Throws `unknown_consumer`, and what the store and the tables throw. */
  async pause({ name }: Named, by: By = {}): Promise<void> {
    const other = this.#controlsOf(name)
    await (other ? other.pause() : this.#projections.call('setPaused', { name, isPaused: true }))
    await this.#operators.record('$ConsumerPaused', { subject: name, data: { name } }, by)
  }

  /** A paused or parked consumer goes on at its position, and tries again to handle what is parked. No event is ever skipped. Throws as {@link pause}. */
  async resume({ name }: Named, by: By = {}): Promise<void> {
    const other = this.#controlsOf(name)
    await (other ? other.resume() : this.#projections.call('setPaused', { name, isPaused: false }))
    await this.#operators.record('$ConsumerResumed', { subject: name, data: { name } }, by)
  }

  /** An operator did something with a consumer through another process: what this one runs of it acts on that. */
  async heard(name: string): Promise<void> {
    await this.#others.get(name)?.look()
  }

  /** Nothing if it is a projection. */
  #controlsOf(name: string): Controls | undefined {
    const other = this.#others.get(name)
    if (other || this.#projectionNames.has(name)) return other
    throw new IndelibleError(
      'unknown_consumer',
      `The system declares no projection, saga, reaction, subscription or other system "${name}".`,
    )
  }
}

function controlled([name, runner]: readonly [string, SagaRunner | ConsumerRunner | FeedRunner | TreeRunner]): [
  string,
  Controls,
] {
  return [
    name,
    {
      status: async (head) => runner.status(head),
      position: async () => runner.position,
      waitFor: (position, options) => runner.waitFor(position, options),
      pause: () => runner.pause(),
      resume: () => runner.resume(),
      look: () => runner.look(),
    },
  ]
}
