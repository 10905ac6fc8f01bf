// A declared system as data: its commands, projections and sagas, and what follows from them. API, documentation and console all derive from this.
import type { AnyAggregate } from './any-aggregate.ts'
import type { AnyCommandType } from './commands.ts'
import type { DecisionModel } from './decision-models.ts'
import type { AnyEventType } from './event-types.ts'
import type { AnySaga } from './processes/index.ts'
import type { Projection } from './projections.ts'
import type { Reaction, Subscription } from './reactions.ts'

export interface System {
  readonly name: string
  readonly commands: readonly AnyCommandType[]
  readonly projections: readonly Projection[]
  readonly sagas: readonly AnySaga[]
  readonly reactions: readonly Reaction[]
  readonly subscriptions: readonly Subscription[]
  /** Those of the commands, in order of first mention. */
  readonly aggregates: readonly AnyAggregate[]
  /** Those that commands consult. */
  readonly decisionModels: readonly DecisionModel[]
  /** Every event that anything here emits or handles. */
  readonly events: readonly AnyEventType[]
}
