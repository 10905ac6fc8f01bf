// Waiting for the end of one saga.
import { throwIfAborted } from '../../kernel/abort.ts'
import type { IndelibleError } from '../../kernel/errors.ts'
import type { StreamName } from '../../kernel/streams.ts'
import { checkedDuration, timer } from '../../kernel/timers.ts'
import type { EventStore } from '../../store/port.ts'
import { waitTimeoutMsDefault } from '../limits.ts'
import type { WaitOptions } from '../waiting.ts'
import { foldSaga, hasEnded, type SagaState } from './state.ts'

/** Resolves when a saga has ended or its compensation failed. Throws what `late` makes after the time limit, `invalid_duration`, `aborted`. */
export async function sagaEnd(
  store: EventStore,
  stream: StreamName,
  { timeoutMs = waitTimeoutMsDefault, signal }: WaitOptions,
  late: (state: SagaState | undefined, timeoutMs: number) => IndelibleError,
): Promise<SagaState> {
  checkedDuration('timeoutMs', timeoutMs)
  const timeout = new AbortController()
  // AbortSignal.timeout would let the process end while a caller waits.
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
  throw late(state, timeoutMs)
}
