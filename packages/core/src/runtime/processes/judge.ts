// Whether the history of an instance fits the code as it is now. Pure over state and declaration, so that it can be asked before the code runs.
import { type ErrorCode, isIndelibleError } from '../../kernel/errors.ts'
import type { AnySaga } from '../../kernel/processes/saga.ts'
import type { PureCall } from '../purity.ts'
import { definitionOf } from './instance.ts'
import { nextMoves } from './plan.ts'
import { hasEnded, type SagaState } from './state.ts'

/** `fits`: it goes on with this code. `former`: it ends on an earlier version, which is kept. `ended`: no code runs for it any more. `unfit`: it would need intervention. */
export type SagaVerdict =
  | { readonly verdict: 'fits' | 'former'; readonly version: number }
  | { readonly verdict: 'ended' }
  | { readonly verdict: 'unfit'; readonly version: number; readonly code: ErrorCode; readonly reason: string }

export interface JudgedSaga {
  readonly saga: AnySaga
  readonly sagaId: string
  readonly state: SagaState
  readonly call: PureCall
  readonly nowMs: number
}

/** Walks the history with the definition that it would run on, up to what would come next. Does not change the state. */
export function judgeSaga({ saga: newest, sagaId, state, call, nowMs }: JudgedSaga): SagaVerdict {
  if (hasEnded(state)) return { verdict: 'ended' }
  const saga = definitionOf(newest, state)
  const { version } = saga
  // One whose compensation was refused goes on when a person resumes it: by then the code must fit.
  const resumed = state.status === 'compensationFailed' ? { ...state, status: 'compensating' as const } : state
  try {
    nextMoves({ saga, sagaId, state: resumed, call, nowMs })
    return { verdict: saga === newest ? 'fits' : 'former', version }
  } catch (error) {
    if (!isIndelibleError(error)) throw error
    return { verdict: 'unfit', version, code: error.code, reason: error.message }
  }
}
