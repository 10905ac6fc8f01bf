// The name of a span, from its definition and its attributes.
import type { AttributeName } from './attributes.ts'
import type { Attributes } from './ports.ts'
import type { SpanDefinition } from './spans.ts'

/** `command {indelible.command}` is `command WithdrawFunds`. What is not known is left out. */
export function spanNameOf({ name }: SpanDefinition, attributes: Attributes): string {
  return name.replace(/\{([\w.]+)\}/g, (_, attribute) => String(attributes[attribute as AttributeName] ?? '')).trim()
}
