// What would be if the past were different: the log is played again into a fork in memory, with changes, and compared with what happened. Nothing is written.
import type { AnyAggregate } from '../../kernel/any-aggregate.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import { position as checkedPosition, type Position } from '../../kernel/positions.ts'
import type { Projection } from '../../kernel/projections.ts'
import { categoryOf, type StreamName, streamIdOf } from '../../kernel/streams.ts'
import type { System } from '../../kernel/system.ts'
import type { EventStore } from '../../store/port.ts'
import { type StateAsOf, stateAsOf } from '../as-of.ts'
import { type Change, changesBetween } from '../changes.ts'
import { commitStart } from '../commits.ts'
import { allRows, type RowsDiff, rowsBetween } from '../diff.ts'
import { Changes, type OtherPast } from './changes.ts'
import { type OtherDecision, Player, type PlayOptions } from './player.ts'
import { stateWouldBe } from './would-be.ts'

export interface WhatIfOptions extends OtherPast, PlayOptions {
  /** The first position that is played again. The first change when left out; the whole log where only the code is different. */
  readonly from?: Position | undefined
}

/** The state of an aggregate as it is, and as it would be. */
export interface StateWhatIf {
  readonly is: StateAsOf<unknown>
  readonly wouldBe: StateAsOf<unknown>
  readonly changes: readonly Change[]
}

export class WhatIf {
  readonly #log: EventStore
  /** The log as it would be. Everything that reads a store can read it. It is gone when nothing refers to it any more. */
  readonly store: EventStore
  /** The last position that both logs have in common. */
  readonly forkedAt: Position
  /** The end of the log when it was asked. What was recorded later is compared with nothing. */
  readonly end: Position
  /** The commands that were decided again. */
  readonly decided: number
  /** Those that came out differently, in the order of the log. */
  readonly differences: readonly OtherDecision[]
  /** The streams that have other events, in the order in which they became different. */
  readonly streams: readonly StreamName[]

  constructor(
    log: EventStore,
    { store, forkedAt, end, decided, differences, streams }: Omit<WhatIf, 'state' | 'rows' | 'aggregatesOf'>,
  ) {
    this.#log = log
    this.store = store
    this.forkedAt = forkedAt
    this.end = end
    this.decided = decided
    this.differences = differences
    this.streams = streams
  }

  /** The aggregates of a system that have other events. */
  aggregatesOf({ aggregates }: System): readonly { aggregate: AnyAggregate; stream: StreamName; id: string }[] {
    const byCategory = new Map(aggregates.map((each) => [each.category, each]))
    return this.streams.flatMap((stream) => {
      const aggregate = byCategory.get(categoryOf(stream))
      return aggregate ? [{ aggregate, stream, id: streamIdOf(stream) }] : []
    })
  }

  /** Throws as {@link stateAsOf}, and `invalid_event` where the handlers of the aggregate fail on events as they would be. */
  async state(aggregate: AnyAggregate, { id }: { readonly id: string }): Promise<StateWhatIf> {
    const is = await stateAsOf<unknown>(this.#log, aggregate, { id, asOf: { position: this.end } })
    const wouldBe = await stateWouldBe(this.store, aggregate, id)
    return { is, wouldBe, changes: changesBetween(is.state, wouldBe.state) }
  }

  /** The rows of a read table that would be different. `by` is other code for the same table. All rows of both are in memory meanwhile. Throws as {@link viewAsOf}. */
  async rows(projection: Projection, { by = projection }: { readonly by?: Projection } = {}): Promise<RowsDiff> {
    const { key } = projection.table
    const is = await allRows(this.#log, projection, { position: this.end })
    return rowsBetween(key, is, await allRows(this.store, by))
  }
}

/**
 * Plays the log again from the first change on. At most `whatIfEventsMax` events are played. Sagas, policies and reactions do not run: the commands that they sent
 * are decided again as long as what caused them is still there.
 * Throws `invalid_position`, `what_if_too_large`, `aborted`, and what the store throws; for events that are added or changed `invalid_event`, `invalid_stream_name`,
 * `invalid_time` and `reserved_name`; for commands that are added `invalid_command`, `unknown_command` and `invalid_stream_name`.
 */
export async function whatIf(log: EventStore, options: WhatIfOptions): Promise<WhatIf> {
  const { decide, commands = [] } = options
  if (commands.length > 0 && !decide)
    throw new IndelibleError('invalid_command', 'Commands can be added only where they are decided: give "decide" too.')
  const { position: end } = await log.head()
  const changes = new Changes(options, end)
  const first = checkedPosition(options.from ?? changes.first ?? (decide ? 1 : end + 1))
  if (changes.first !== undefined && changes.first < first)
    throw new IndelibleError('invalid_position', `It begins at ${first}, behind a change at ${changes.first}.`)
  // A commit is played as a whole.
  const forkedAt = (await commitStart(log, Math.min(Math.max(first, 1), end + 1))) - 1
  const player = await Player.of(log, { ...options, changes, forkedAt, end })
  await player.play()
  return new WhatIf(log, { ...player.result(), forkedAt, end })
}
