// One instance of a saga.
import type { SagaView } from 'indelible'
import { ClientError, isClientError } from './errors.ts'
import { sagaStartMs, sagaTimeoutMsDefault, sagaWaitMs } from './limits.ts'
import { pause, type Transport } from './transport.ts'

/** Where a saga is. */
export interface SagaSeen extends SagaView {
  readonly saga: string
  readonly id: string
}

export interface WaitOptions {
  /** 30,000 by default. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface DecisionOptions {
  readonly reason?: string
  readonly signal?: AbortSignal
}

export interface SagaClient {
  /** Where it is now. Throws `ClientError` (`saga_missing`). */
  show(options?: { readonly signal?: AbortSignal }): Promise<SagaSeen>
  /**
   * Waits until it has completed or compensated, or its compensation failed, also if it has not started yet. Throws `ClientError` (`wait_timeout`).
   */
  end(options?: WaitOptions): Promise<SagaSeen>
  /**
   * Answers what a step asks a person. `decided` is false if it does not ask that (any more). It is sent once: where no answer comes, `show` says whether it
   * still asks. Throws `ClientError`.
   */
  decide(step: string, decision: unknown, options?: DecisionOptions): Promise<{ readonly decided: boolean }>
  /** Makes it take everything back. `cancelled` is false if it does not run any more. It is sent once. Throws `ClientError`. */
  cancel(reason: string, options?: Pick<DecisionOptions, 'signal'>): Promise<{ readonly cancelled: boolean }>
}

const ends: readonly string[] = ['completed', 'compensated', 'compensationFailed'] satisfies SagaView['status'][]

export function sagaClient(transport: Transport, name: string, id: string): SagaClient {
  const path = ['sagas', name, id]
  const show = async (query: { waitMs?: number }, signal?: AbortSignal) =>
    (await transport.ask({ path, query, signal, waitMs: query.waitMs ?? 0 })).body as SagaSeen
  return {
    show: ({ signal } = {}) => show({}, signal),
    async end({ timeoutMs = sagaTimeoutMsDefault, signal } = {}) {
      const end = performance.now() + timeoutMs
      for (;;) {
        const leftMs = Math.floor(end - performance.now())
        const seen = await show({ waitMs: Math.max(0, Math.min(leftMs, sagaWaitMs)) }, signal).catch(
          (error: unknown) => {
            if (isClientError(error, 'saga_missing')) return undefined
            throw error
          },
        )
        if (seen && ends.includes(seen.status)) return seen
        if (performance.now() >= end) {
          const where = seen ? `is ${seen.status}` : 'has not started'
          throw new ClientError('wait_timeout', `The saga "${name}" of "${id}" ${where} after ${timeoutMs} ms.`)
        }
        await pause(sagaStartMs, signal)
      }
    },
    async decide(step, decision, { reason, signal } = {}) {
      const asked = { path: [...path, 'decide'], query: { step, reason }, body: decision ?? null, signal }
      return (await transport.ask(asked, { isIdempotent: false })).body as { decided: boolean }
    },
    async cancel(reason, { signal } = {}) {
      const asked = { path: [...path, 'cancel'], query: { reason }, body: {}, signal }
      return (await transport.ask(asked, { isIdempotent: false })).body as { cancelled: boolean }
    },
  }
}
