// Whether the history of an instance fits the code as it is now. Pure over state and declaration, so that it can be asked before the code runs.
import { type ErrorCode, IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import { type AnySaga, nodeAt } from '../../kernel/processes/index.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { PureCall } from '../purity.ts'
import { definitionOf } from './instance.ts'
import { nextMoves } from './plan.ts'
import { hasEnded, type SagaState } from './state.ts'

/** `fits`: it goes on with this code. `former`: it ends on an earlier version, which is kept. `ended`: no code runs for it any more. `unfit`: it would need intervention. */
export type SagaVerdict =
  | { readonly verdict: 'fits' | 'former'; readonly version: number }
  | { readonly verdict: 'ended' }
  | { readonly verdict: 'unfit'; readonly version: number; readonly code: ErrorCode | null; readonly reason: string }

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
    checkKinds(saga, state)
    nextMoves({ saga, sagaId, state: resumed, call, nowMs })
    return { verdict: saga === newest ? 'fits' : 'former', version }
  } catch (error) {
    const code = isIndelibleError(error) ? error.code : null
    return { verdict: 'unfit', version, code, reason: messageOf(error) }
  }
}

/** Throws `invalid_declaration` where an open step is another kind of step in the code, so that what it waits for would mean something else. */
function checkKinds(saga: AnySaga, { waits, commands }: SagaState): void {
  const changed = (step: string, was: string, is: string) =>
    new IndelibleError('invalid_declaration', `Step "${step}" ${was}, but in the code of saga "${saga.name}" it ${is}.`)
  for (const [step, { kind, event }] of waits) {
    const node = nodeAt(saga, step)
    if (node && node.kind !== kind) throw changed(step, `waits as "${kind}"`, `is "${node.kind}"`)
    if (node?.kind === 'await' && event.type === '$EventAwaited' && event.data.eventType !== node.event.type)
      throw changed(step, `waits for ${event.data.eventType}`, `waits for ${node.event.type}`)
  }
  for (const [step, { isCompensation }] of commands) {
    const node = nodeAt(saga, step)
    if (node && !isCompensation && node.kind !== 'step') throw changed(step, 'has sent a command', `is "${node.kind}"`)
  }
}
