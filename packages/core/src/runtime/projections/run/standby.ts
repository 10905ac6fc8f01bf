// Another process runs the projection. This one looks at the table for the readers who wait here.
import type { TableState } from '../../../store/read-tables.ts'
import { describeError } from '../../consumers/status.ts'
import { remoteWaitMs, standByMs } from '../../limits.ts'
import { pause } from '../../waiting.ts'
import { divergenceOf, tableDiverged } from '../divergence.ts'
import type { RunContext } from './run-context.ts'

/** Returns how long to rest. */
export async function standBy(context: RunContext, there: TableState): Promise<number> {
  const { tables, projection, store, name, standing, stop } = context
  const { waiters } = standing
  const divergence = await divergenceOf(store, there, stop)
  const error = divergence && tableDiverged(name, divergence)
  standing.state = error ? 'diverged' : 'standby'
  standing.error = error && describeError(error)
  waiters.restart(error ? 0 : there.position)
  // The other process has another log, as long as it runs the projection.
  if (error) waiters.fail(error)
  const until = performance.now() + standByMs
  while (waiters.count > 0 && performance.now() < until && !stop.aborted) {
    await pause(remoteWaitMs, stop)
    const state = await tables.state(projection.table)
    if (state.fingerprint === projection.table.fingerprint && (await isOfThisLog(context, state)))
      waiters.advance(state.position)
  }
  return waiters.count > 0 ? 1 : standByMs
}

/** One look, without waiting: this process may not know yet that the last events are written, and looks again soon. */
async function isOfThisLog({ store }: RunContext, { position, history, isDiverged }: TableState): Promise<boolean> {
  return !isDiverged && (position === 0 || (await store.historyAt(position)) === history)
}
