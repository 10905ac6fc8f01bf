// What all work on one projection needs.
import type { IdGenerator } from '../../kernel/ids.ts'
import type { Projection } from '../../kernel/projections.ts'
import type { Clock } from '../../kernel/time.ts'
import type { DomainLog } from '../../store/domain-log.ts'
import type { EventStore } from '../../store/port.ts'
import type { ReadTables } from '../../store/read-tables.ts'
import type { Guard } from '../guard/index.ts'
import type { Telemetry } from '../telemetry/index.ts'

export interface ProjectionContext {
  readonly projection: Projection
  readonly store: EventStore
  readonly log: DomainLog
  readonly tables: ReadTables
  readonly clock: Clock
  readonly ids: IdGenerator
  readonly guard: Guard
  readonly telemetry: Telemetry
}
