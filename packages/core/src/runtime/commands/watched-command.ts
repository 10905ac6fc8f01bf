// A command, told to tracer and meters.
import type { AnyCommandType } from '../../kernel/commands.ts'
import { instruments, spans, type Telemetry } from '../telemetry/index.ts'
import type { CommandOutcome, SendOptions } from './outcome.ts'

/** Its events have the traceparent of its span, so that what follows from them continues there. */
export async function watchedCommand(
  telemetry: Telemetry,
  { type, options }: { readonly type: AnyCommandType; readonly options: SendOptions },
  send: (options: SendOptions) => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  const parent = options?.traceparent
  // The command is refused for it.
  if (parent !== undefined && typeof parent !== 'string') return await send(options)
  const attributes = { 'indelible.category': type.category, 'indelible.command': type.type }
  const beganMs = performance.now()
  let outcome = 'failed'
  try {
    return await telemetry.traced({ span: spans.command, attributes, parent, orActive: true }, async (span) => {
      const { traceparent } = span
      const sent = await send(traceparent === parent ? options : { ...options, traceparent: traceparent! })
      outcome = outcomeOf(sent)
      span.set({
        'indelible.outcome': outcome,
        'indelible.reason': sent.status === 'refused' ? sent.reason : undefined,
        'indelible.position': sent.status === 'accepted' ? sent.position : undefined,
      })
      return sent
    })
  } finally {
    const seconds = (performance.now() - beganMs) / 1000
    telemetry.record(instruments.commandDuration, seconds, { ...attributes, 'indelible.outcome': outcome })
  }
}

export function outcomeOf(outcome: CommandOutcome): string {
  return outcome.status === 'accepted' && outcome.duplicate ? 'duplicate' : outcome.status
}
