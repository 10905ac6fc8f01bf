// The port for leases: which of the processes that share a store runs what. Without it, one process has its stores alone and runs everything.
//
// A process says from time to time that it is alive, and keeps whatever it holds by that. What a process holds that has not said so in time is free.
import type { Position } from '../kernel/positions.ts'

/** What the holder of a lease tells of its work, for the processes that stand by. */
export interface LeaseReport {
  readonly position: Position
  readonly state: string
}

export interface HeldLease {
  readonly name: string
  /** The process that has it. */
  readonly holder: string
  /** Rises with each new holder. What is written under an older token than the newest is refused. */
  readonly token: number
  /** Nothing before the first report. */
  readonly report: LeaseReport | null
}

/** As of one moment. */
export interface LeaseView {
  /** Those that are alive. */
  readonly processes: readonly string[]
  /** Those that are held by a process which is alive. */
  readonly leases: readonly HeldLease[]
}

export interface RenewOptions {
  /** The process counts as alive for so long from now, by the clock of the store. */
  readonly ms: number
  /** By the name of a lease; only those that the process holds are kept. */
  readonly reports?: Readonly<Record<string, LeaseReport>>
}

/** Leases of processes that do not trust each other's clocks. Each method throws `io_failed` where the store does not answer. */
export interface Leases {
  /** Announces a process, or says that it is still alive. Gives what is held now, also by others. */
  renew(process: string, options: RenewOptions): Promise<LeaseView>
  /** Takes a lease for a process that is alive, unless another that is alive has it. Gives the lease, whoever holds it then; nothing if nobody does. */
  take(name: string, process: string): Promise<HeldLease | undefined>
  /** Gives a lease back. Does nothing where the process does not hold it. */
  release(name: string, process: string): Promise<void>
  /** The process ends: it gives back all that it holds, and is no longer announced. */
  leave(process: string): Promise<void>
  /** What is held now. */
  view(): Promise<LeaseView>
}
