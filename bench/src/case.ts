// What a case is and what it gives: rows that say how fast we are, how fast the machine could be, and how fast others are.
import type { OtherPeer } from './peers/index.ts'
import type { Database } from './peers/postgres-server.ts'
import type { Peer } from './subject.ts'

/** How much is measured: everything, a first impression, or just enough to see that it runs. */
export type Scale = 'full' | 'quick' | 'tiny'

export interface BenchCase {
  readonly name: string
  readonly summary: string
  run(context: BenchContext): AsyncIterable<Row>
}

export interface BenchContext {
  readonly scale: Scale
  /** How often ours, the limit and the peers take turns. The figure of each is the median of its rounds. */
  readonly rounds: number
  /** The peers that were asked for and are installed, of those that a case can use. */
  peers(...names: readonly string[]): readonly Peer[]
  /** A new directory that is gone when the program ends. */
  scratch(name: string): string
  /** The directory of a complete log, built if it is not there. It is shared: copy it before appending to it. */
  bigLog(events: number): Promise<BigLog>
  /** The same of a bank; see `bank-log.ts`. */
  bankLog(events: number): Promise<BankLog>
  /** An empty database on the Postgres server of the run. */
  database(): Promise<Database>
  /** Where a peer is installed that is no dependency of this workspace, if it is and may be measured. */
  modulesOf(peer: OtherPeer): string | undefined
  /** Tells what is going on, in one short line. */
  progress(line: string): void
}

export interface BigLog {
  readonly dir: string
  readonly events: number
  readonly streams: number
  /** Over all events: what a scan must find. */
  readonly amountSum: number
  readonly payloadBytes: number
}

export interface BankLog {
  readonly dir: string
  readonly events: number
  readonly accounts: number
  readonly dataBytes: number
}

export type Unit = 'events/s' | 'commands/s' | 'transfers/s' | 'timers/s' | 'ns' | 'ms' | 'MiB' | 'bytes' | 'times'

export interface Target {
  readonly text: string
  readonly reached: boolean
}

/** One measured configuration. It exists only if what was measured was checked; a failed check throws instead. */
export interface Row {
  readonly case: string
  /** Which of the configurations of the case: `64 clients`. */
  readonly configuration: string
  readonly unit: Unit
  readonly ours: number
  /** What the machine can do, in the same unit; null where that means nothing. */
  readonly limit: number | null
  readonly peers: Readonly<Record<string, number>>
  readonly targets: readonly Target[]
  readonly conditions: Conditions
}

export interface Conditions {
  readonly events: number
  readonly payloadBytes: number
  readonly clients: number
  readonly sync: string
  readonly [more: string]: string | number
}

/** Sizes by scale. */
export function sized<Size>(scale: Scale, sizes: Readonly<Record<Scale, Size>>): Size {
  return sizes[scale]
}

export function atLeast(what: string, ours: number, needed: number): Target {
  return { text: `at least ${what}`, reached: ours >= needed }
}

export function atMost(what: string, ours: number, allowed: number): Target {
  return { text: `at most ${what}`, reached: ours <= allowed }
}
