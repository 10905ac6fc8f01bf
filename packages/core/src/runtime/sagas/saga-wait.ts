// Waits for the end of one saga, in its stream.
import { throwIfAborted } from '../../kernel/abort.ts'
import type { StreamName } from '../../kernel/streams.ts'
import { checkedDuration, timer } from '../../kernel/timers.ts'
import type { EventStore } from '../../store/port.ts'
import { waitTimeoutMsDefault } from '../limits.ts'
import type { WaitOptions } from '../waiting.ts'
import { foldSaga, hasEnded, type SagaState } from './saga-state.ts'

/**
 * Resolves when the saga has ended or its compensation failed. `timedOut` makes the error for a wait that took too long. Throws that, `invalid_duration`,
 * `aborted`.
 */
export async function sagaEnd(
  store: EventStore,
  stream: StreamName,
  { timeoutMs = waitTimeoutMsDefault, signal }: WaitOptions,
  timedOut: (state: SagaState | undefined, timeoutMs: number) => Error,
): Promise<SagaState> {
  checkedDuration('timeoutMs', timeoutMs)
  const timeout = new AbortController()
  // Not AbortSignal.timeout: with that, the process could end during the wait.
  const waiting = timer(timeoutMs, () => timeout.abort())
  const stop = signal ? AbortSignal.any([timeout.signal, signal]) : timeout.signal
  let state: SagaState | undefined
  try {
    for await (const { events } of store.subscribe([{ streams: [stream] }], { after: 0, signal: stop })) {
      state = foldSaga(events, state)
      if (state && (hasEnded(state) || state.status === 'compensationFailed')) return state
    }
  } finally {
    waiting.cancel()
  }
  throwIfAborted(signal)
  throw timedOut(state, timeoutMs)
}
