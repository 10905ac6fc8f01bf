// What becomes of an instance when it runs on the code as it is now. Pure over state and declaration, so that it can be asked before the code runs.
import { type ErrorCode, isIndelibleError } from '../../kernel/errors.ts'
import { messageOf } from '../../kernel/shown.ts'
import { assertFits } from './fitting.ts'
import { definitionOf } from './instance.ts'
import { isChanged, mappingOf } from './mapping.ts'
import { hasEnded } from './state.ts'
import type { Walked } from './walk.ts'

/**
 * `fits`: it goes on with this code as it is. `mapped`: it goes on with this code by the map of its version. `former`: it ends on an earlier version,
 * which is kept. `unfit`: it would need intervention. `ended`: no code runs for it any more.
 */
export type SagaVerdict =
  | { readonly verdict: 'fits' | 'mapped' | 'former'; readonly version: number }
  | { readonly verdict: 'ended' }
  | { readonly verdict: 'unfit'; readonly version: number; readonly code: ErrorCode | null; readonly reason: string }

/** Walks the history with the definition that it would run on, up to what would come next. `saga` is the newest. Does not change the state. */
export function judgeSaga(judged: Walked): SagaVerdict {
  const { saga: newest, state } = judged
  if (hasEnded(state)) return { verdict: 'ended' }
  const saga = definitionOf(newest, state)
  const { version } = saga
  try {
    const mapping = mappingOf(judged)
    if (mapping) return { verdict: isChanged(mapping, state) ? 'mapped' : 'fits', version: newest.version }
    assertFits({ ...judged, saga })
    return { verdict: saga === newest ? 'fits' : 'former', version }
  } catch (error) {
    const code = isIndelibleError(error) ? error.code : null
    return { verdict: 'unfit', version, code, reason: messageOf(error) }
  }
}
