// What a user says about the run that a fault matrix repeats.
import type { Command } from '../../kernel/commands.ts'
import type { AnySaga } from '../../kernel/processes/index.ts'
import type { System } from '../../kernel/system.ts'
import type { RunningSystem } from '../../runtime/running-system.ts'
import type { ServiceConnection } from '../../runtime/services/connection.ts'

/** A run without faults, which the saga has to complete; every cell repeats it with a fault. */
export interface FaultScenario<Services extends ServiceConnections = ServiceConnections> {
  readonly system: System
  readonly saga: AnySaga
  /** Makes what has to be there before: accounts, stock. */
  readonly seed?: (running: RunningSystem) => Promise<unknown>
  /** Its event starts the saga, which has the id of its aggregate. */
  readonly start: Command
  /**
   * Makes the services that do its activities, for each run anew: `() => ({ payments: fakePayments() })`. They outlive a crash of the process. Their requests
   * and answers get lost and come late, too.
   */
  readonly services?: () => Services
  /**
   * What others do while the saga waits for them, by the path of the node: `{ money: (running, { sagaId }) => running.send(PayOrder(sagaId, {})) }`.
   * They may be called again. Nodes of a child stand behind the node that starts it: `parcel/signature`.
   */
  readonly others?: Readonly<Record<string, (running: RunningSystem, wait: SagaWait) => Promise<unknown>>>
  /** What is true when the saga has ended, whatever happened. Throws, or gives the problem. All tables show the whole log. */
  readonly invariant: (running: RunningSystem, end: SagaEnded<Services>) => Promise<string | undefined> | Promise<void>
}

/** Where a saga waits for others. */
export interface SagaWait {
  readonly sagaId: string
  /** With the keys of items: `lines[tea]/approval`. */
  readonly step: string
}

export interface SagaEnded<Services = ServiceConnections> {
  readonly sagaId: string
  readonly status: 'completed' | 'compensated'
  /** Those of this run, as they were made. */
  readonly services: Services
}

export type ServiceConnections = Readonly<Record<string, ServiceConnection>>

// biome-ignore lint/suspicious/noExplicitAny: whatever services
export type AnyFaultScenario = FaultScenario<any>
