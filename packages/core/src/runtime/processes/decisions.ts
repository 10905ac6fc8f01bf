// What people decide about single sagas. Each decision is an event in the stream of the saga, with who made it and why.
import type { Command } from '../../kernel/commands.ts'
import { nodeAt } from '../../kernel/processes/index.ts'
import { parse } from '../../kernel/schemas.ts'
import type { By } from '../consumers/by.ts'
import type { Resumption } from './events.ts'
import { definitionOf, type SagaInstanceOptions, tell } from './instance.ts'
import { isCancellable } from './state.ts'

/** What a person decided about a saga that cannot go on; see {@link Resumption}. `retry` when left out. */
export interface ResumeOptions {
  readonly how?: Resumption['how']
  /** With `resolve`: what is sent in the place of the compensation that was refused. */
  readonly command?: Command
  readonly actor?: string | undefined
  readonly reason?: string | undefined
  /** A W3C traceparent of what led to it. */
  readonly traceparent?: string | undefined
}

/** What a person decided who was asked by a saga. */
export interface SagaDecision {
  /** The step that asks. */
  readonly step: string
  readonly decision: unknown
  readonly actor?: string | undefined
  readonly reason?: string
  /** A W3C traceparent of what led to it. */
  readonly traceparent?: string | undefined
}

type Options = Pick<SagaInstanceOptions, 'saga' | 'store' | 'telemetry'>

/** Resumes a saga whose compensation was refused. False where none was. Throws `unknown_saga`. */
export async function resume(
  options: Options,
  sagaId: string,
  resumption: Resumption,
  traceparent: string | undefined,
): Promise<boolean> {
  const told = await tell(
    options,
    sagaId,
    ({ status }) => (status === 'compensationFailed' ? { type: '$SagaResumed', data: resumption } : undefined),
    { actor: resumption.actor ?? undefined, traceparent },
  )
  return told !== undefined
}

/** Answers a question. False where the saga does not ask that (any more). Throws `unknown_saga`, `invalid_command`. */
export async function decide(
  options: Options,
  sagaId: string,
  { step, decision, actor, reason, traceparent }: SagaDecision,
): Promise<boolean> {
  const told = await tell(
    options,
    sagaId,
    (state) => {
      const node = nodeAt(definitionOf(options.saga, state), step)
      if (state.waits.get(step)?.kind !== 'ask' || node?.kind !== 'ask') return undefined
      const decided = parse(node.decision, decision, `The decision on "${step}"`, 'invalid_command')
      return {
        type: '$PersonAnswered',
        data: { step, decision: decided, actor: actor ?? null, reason: reason ?? null },
      }
    },
    { actor, traceparent },
  )
  return told !== undefined
}

/** Makes a saga that runs take everything back. False where it does not run, or is past a step that nothing takes back. Throws `unknown_saga`. */
export async function cancel(
  options: Options,
  sagaId: string,
  { reason, actor, traceparent }: By & { readonly reason: string },
): Promise<boolean> {
  const data = { reason, event: null, actor: actor ?? null }
  const told = await tell(
    options,
    sagaId,
    (state) => (isCancellable(state) ? { type: '$SagaCancelled', data } : undefined),
    { actor, traceparent },
  )
  return told !== undefined
}
