// A declared system as data: its commands, projections and sagas, and what follows from them. API, documentation and console are made from this.
import type { AnyActivityType } from './activities.ts'
import type { AnyAggregate } from './any-aggregate.ts'
import type { AnyCommandType } from './commands.ts'
import type { DecisionModel } from './decision-models.ts'
import type { AnyEventType } from './event-types.ts'
import type { AnySaga, Policy } from './processes/index.ts'
import type { Projection } from './projections.ts'
import type { Reaction, Subscription } from './reactions.ts'
import type { AnyRemoteSystem } from './remotes.ts'

/** `Declared` are the types of its declarations, for a typed client. Every system is a `System`, whatever it declares. */
export interface System<Declared = unknown> {
  readonly name: string
  readonly description: string | undefined
  readonly commands: readonly AnyCommandType[]
  readonly projections: readonly Projection[]
  readonly sagas: readonly AnySaga[]
  readonly policies: readonly Policy[]
  readonly reactions: readonly Reaction[]
  readonly subscriptions: readonly Subscription[]
  /** The other systems that it sends commands to and hears events from. */
  readonly remotes: readonly AnyRemoteSystem[]
  /** What HTTP services do for it. */
  readonly activities: readonly AnyActivityType[]
  /** The aggregates of the commands, in the order in which they first appear. */
  readonly aggregates: readonly AnyAggregate[]
  /** The decision models that commands consult. */
  readonly decisionModels: readonly DecisionModel[]
  /** All events that are emitted or handled. */
  readonly events: readonly AnyEventType[]
  /** Never set; carries the types of the declarations. */
  readonly '~declared'?: Declared
}
