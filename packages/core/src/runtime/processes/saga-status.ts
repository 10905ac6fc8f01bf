// The status of the sagas of one kind: of their partitions together.
import type { Position } from '../../kernel/positions.ts'
import { type ConsumerError, type ConsumerState, type ConsumerStatus, heldBy } from '../consumers/status.ts'
import type { Holdings } from '../leases/index.ts'
import type { SagaPartition } from './saga-partition.ts'

export interface SagaRunnerStatus extends ConsumerStatus {
  readonly kind: 'saga'
  /** Sagas that are driven in this process. */
  readonly active: number
  /** Those that wait for a time: a timer, a timeout, or another try after a fault. */
  readonly waiting: number
  /**
   * Sagas that cannot go on: a compensation was refused, a function failed or sent what cannot be carried out, or the code is no longer that of their history.
   * They go on after `resumeSaga`, or after a restart with code that was mended. The process that runs them lists them.
   */
  readonly needsIntervention: readonly { readonly sagaId: string; readonly problem: string }[]
  /** Where there are several, or several processes share the work. */
  readonly partitions?: readonly SagaPartitionStatus[]
}

export interface SagaPartitionStatus extends Pick<ConsumerStatus, 'state' | 'position' | 'holder' | 'holderState'> {
  /** Of its lease. */
  readonly name: string
}

export interface SagaStatusOf {
  readonly head: Position
  readonly position: Position
  /** While there are no partitions. */
  readonly own: { readonly state: ConsumerState; readonly error: ConsumerError | undefined } | undefined
  readonly holdings: Holdings
  readonly partitions: readonly SagaPartition[]
}

export function sagaStatus(
  name: string,
  { head, position, own, holdings, partitions }: SagaStatusOf,
): SagaRunnerStatus {
  const held = partitions.filter(({ holding }) => holding.term)
  const error = own ? own.error : partitions.find((each) => each.error)?.error
  const isShown = holdings.isShared || partitions.length > 1
  return {
    name,
    kind: 'saga',
    state: own?.state ?? stateOf(held),
    position,
    lagEvents: Math.max(0, head - position),
    active: sum(held.map(({ due }) => due.active)),
    waiting: sum(held.map(({ due }) => due.waiting)),
    needsIntervention: held.flatMap(({ due }) => [...due.problems].map(([sagaId, problem]) => ({ sagaId, problem }))),
    ...(error === undefined ? {} : { error }),
    ...(isShown ? { partitions: partitions.map(partitionStatus) } : {}),
  }
}

function partitionStatus({ holding, state, position }: SagaPartition): SagaPartitionStatus {
  return { name: holding.name, state, position, ...heldBy(holding) }
}

/** What most concerns an operator. */
const order: readonly ConsumerState[] = ['retrying', 'starting', 'paused', 'running', 'stopped']

function stateOf(held: readonly SagaPartition[]): ConsumerState {
  return order.find((state) => held.some((each) => each.state === state)) ?? 'standby'
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => one + other, 0)
}
