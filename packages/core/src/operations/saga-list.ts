// The instances of sagas as a list: where each is, since when, and what it waits for.
import type { Position } from '../kernel/positions.ts'
import type { AnySaga } from '../kernel/processes/index.ts'
import type { Instant } from '../kernel/time.ts'
import type { SagaFailure } from '../runtime/processes/events.ts'
import { hasEnded, type SagaStatus } from '../runtime/processes/state.ts'
import type { EventStore } from '../store/port.ts'
import { pageDefault, sagaEventsExaminedMax, sagasExaminedMax } from './limits.ts'
import { declaredSaga, isPassed, type SagaInstance, type SagaStep, sagaInstances, stepsOf } from './saga-reading.ts'

export const sagaStatuses = ['running', 'compensating', 'completed', 'compensated', 'compensationFailed'] as const

/** An instance of a saga in a list. */
export interface SagaListed {
  readonly saga: string
  readonly id: string
  readonly status: SagaStatus
  /** The version of the declaration that it began on. */
  readonly definition: number
  readonly startedAt: Instant
  readonly ageMs: number
  /** Where it is, and what it waits for. Empty where it has ended, or waits for nothing that its history knows: then it is about to go on, or needs intervention. */
  readonly steps: readonly SagaStep[]
  /** Why it compensates. */
  readonly failure: SagaFailure | null
  /** Why it cannot go on until a person helps. Only the process that runs the saga knows; null elsewhere. */
  readonly problem: string | null
}

/** A page of instances. */
export interface SagaPage {
  readonly sagas: readonly SagaListed[]
  /** Where the next page starts, or null. A page may be empty and have a next one. */
  readonly next: Position | null
}

export interface SagaFilters {
  /** Of this saga only. */
  readonly name?: string | undefined
  /** `open`: those that have not ended. */
  readonly status?: SagaStatus | 'open' | 'all' | undefined
  /** At this step: `stock`, or `lines[tea]/reserve`. Without keys, `lines/reserve` means every item. */
  readonly step?: string | undefined
  readonly olderThanMs?: number | undefined
  readonly from?: Position | undefined
  readonly limit?: number | undefined
}

interface Log {
  readonly store: EventStore
  readonly sagas: readonly AnySaga[]
  readonly nowMs: number
}

/** A page of the instances that pass the filters, oldest first. Throws `unknown_saga`. */
export async function listedSagas({ store, sagas, nowMs }: Log, filters: SagaFilters): Promise<SagaPage> {
  const { name, from = 1, limit = pageDefault } = filters
  const which = name === undefined ? sagas : [declaredSaga(sagas, name)]
  const page: SagaListed[] = []
  let examined = 0
  let events = 0
  const isOpenOnly = openStatuses.includes(filters.status ?? 'all')
  for await (const instance of sagaInstances({ store, sagas: which }, { from, isOpenOnly })) {
    const isFull = page.length === limit || examined === sagasExaminedMax || events >= sagaEventsExaminedMax
    if (isFull) return { sagas: page, next: instance.startedPosition }
    events += instance.events
    if (isPassed(instance)) continue
    const listed = listedOf(instance, nowMs)
    // Those that started later are younger.
    if (listed.ageMs < (filters.olderThanMs ?? 0)) break
    if (passes(listed, filters)) page.push(listed)
    examined++
  }
  return { sagas: page, next: null }
}

const openStatuses: readonly string[] = ['open', 'running', 'compensating', 'compensationFailed']

export function listedOf(instance: SagaInstance, nowMs: number): SagaListed {
  const { saga, id, state, startedAt } = instance
  const { status, definition, failure } = state
  const ageMs = Math.max(0, nowMs - Date.parse(startedAt))
  return { saga: saga.name, id, status, definition, startedAt, ageMs, steps: stepsOf(instance), failure, problem: null }
}

function passes({ status, steps }: SagaListed, { status: wanted = 'all', step }: SagaFilters): boolean {
  if (wanted === 'open' ? hasEnded({ status }) : wanted !== 'all' && wanted !== status) return false
  return step === undefined || steps.some((each) => each.step === step || withoutKeys(each.step) === step)
}

function withoutKeys(step: string): string {
  return step.replace(/\[[^\]]*\]/g, '')
}
