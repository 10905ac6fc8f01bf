// What is to be known of sagas before their code runs: what their declarations lack, and whether open instances fit them.
import { type AnySaga, type SagaFinding, sagaFindings } from '../kernel/processes/index.ts'
import { watching } from '../runtime/guard/index.ts'
import { judgeSaga, type SagaVerdict } from '../runtime/processes/judge.ts'
import type { SagaStatus } from '../runtime/processes/state.ts'
import type { EventStore } from '../store/port.ts'
import { isPassed, sagaInstances } from './saga-reading.ts'

/** A finding of a declaration, with the saga that it is about. */
export interface SagaNote extends SagaFinding {
  readonly saga: string
}

/** An open instance, and whether its history fits the code. */
export type SagaJudged = {
  readonly saga: string
  readonly id: string
  readonly status: SagaStatus
  /** The version of the declaration that it began on. */
  readonly definition: number
} & Exclude<SagaVerdict, { readonly verdict: 'ended' }>

export function sagaNotes(sagas: readonly AnySaga[]): readonly SagaNote[] {
  return sagas.flatMap((saga) => sagaFindings(saga, sagas).map((finding) => ({ saga: saga.name, ...finding })))
}

/** Every open instance in the log, oldest first. Memory is bounded; the log is read to its end. */
export async function* judgedSagas({
  store,
  sagas,
  nowMs,
}: {
  readonly store: EventStore
  readonly sagas: readonly AnySaga[]
  readonly nowMs: number
}): AsyncGenerator<SagaJudged> {
  const guard = watching('impure_saga')
  for await (const instance of sagaInstances({ store, sagas }, { isOpenOnly: true })) {
    if (isPassed(instance)) continue
    const { saga, id, state } = instance
    const verdict = judgeSaga({ saga, sagaId: id, state, guard, nowMs })
    const { status, definition } = state
    if (verdict.verdict !== 'ended') yield { saga: saga.name, id, status, definition, ...verdict }
  }
}
