// Whether a history fits a definition: what it did is there, what it waits for means the same, and what comes next can be made.
import { IndelibleError } from '../../kernel/errors.ts'
import { nodeAt } from '../../kernel/processes/index.ts'
import { isNamed } from '../../kernel/recorded-forms.ts'
import { nextMoves } from './plan.ts'
import type { Walked } from './walk.ts'

/** Throws as {@link nextMoves}, and `invalid_declaration` where an open step is another kind of step in the code. Does not change the state. */
export function assertFits({ saga, state, ...walked }: Walked): void {
  assertOpenFits({ saga, state })
  // One whose compensation was refused goes on when a person resumes it: by then the code must fit.
  const resumed = state.status === 'compensationFailed' ? { ...state, status: 'compensating' as const } : state
  nextMoves({ saga, state: resumed, ...walked })
}

/** Where an open step is another kind of step, or waits for another event, what comes in would never be what it waits for. Throws `invalid_declaration`. */
export function assertOpenFits({ saga, state: { waits, commands } }: Pick<Walked, 'saga' | 'state'>): void {
  const changed = (step: string, was: string, is: string) =>
    new IndelibleError('invalid_declaration', `Step "${step}" ${was}, but in the code of saga "${saga.name}" it ${is}.`)
  for (const [step, { kind, event }] of waits) {
    const node = nodeAt(saga, step)
    if (node && node.kind !== kind) throw changed(step, `waits as "${kind}"`, `is "${node.kind}"`)
    if (node?.kind === 'await' && event.type === '$EventAwaited' && !isNamed(node.event, event.data.eventType))
      throw changed(step, `waits for ${event.data.eventType}`, `waits for ${node.event.type}`)
  }
  for (const [step, { isCompensation }] of commands) {
    const node = nodeAt(saga, step)
    if (node && !isCompensation && node.kind !== 'step') throw changed(step, 'has sent a command', `is "${node.kind}"`)
  }
}
