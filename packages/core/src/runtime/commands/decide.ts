// Calls `decide`, and checks that it returns only the events and refusals that the command declares.
import type { AnyCommandType, Decision } from '../../kernel/commands.ts'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { DomainEvent } from '../../kernel/event-types.ts'
import type { Refusal } from '../../kernel/refusals.ts'
import { parse } from '../../kernel/schemas.ts'
import { messageOf, shown } from '../../kernel/shown.ts'
import type { Guard } from '../guard/index.ts'
import type { Envelope } from './envelope.ts'

type Decidable = Pick<Envelope, 'type' | 'command' | 'commandId' | 'issuedAt' | 'input' | 'options'>

/** The refusal, or the events. Throws `invalid_declaration`, `impure_aggregate`, and what `decide` throws. */
export function decideOn(
  { type, command, commandId, issuedAt, input, options }: Decidable,
  { state, facts }: { readonly state: unknown; readonly facts: Readonly<Record<string, unknown>> },
  guard: Guard,
): Refusal | readonly DomainEvent[] {
  const context = { id: command.id, commandId, actor: options.actor, issuedAt, validAt: options.validAt, facts }
  return checkedDecision(
    type,
    guard.call(`decide of ${type.category}/${type.type}`, () => type.decide(state, input, context)),
  )
}

export function isRefusal(decision: Decision<DomainEvent>): decision is Refusal {
  return 'refused' in decision
}

/** Throws `invalid_declaration`. */
export function checkedDecision(
  type: AnyCommandType,
  decision: Decision<DomainEvent>,
): Refusal | readonly DomainEvent[] {
  if (typeof decision !== 'object' || decision === null) {
    throw new IndelibleError(
      'invalid_declaration',
      `decide of ${type.type} returned "${decision}". It must return a refusal, an event or a list of events.`,
    )
  }
  if (isRefusal(decision)) {
    checkRefusal(type, decision)
    return decision
  }
  const events = Array.isArray(decision) ? (decision as readonly DomainEvent[]) : [decision as DomainEvent]
  for (const event of events) checkEvent(type, event)
  return events
}

function checkEvent({ type, emits }: AnyCommandType, event: DomainEvent): void {
  const declared = emits.find((each) => each.type === event?.type)
  if (!declared) {
    const list = emits.map((each) => each.type).join(', ') || 'no event'
    throw new IndelibleError(
      'invalid_declaration',
      `decide of ${type} returned the event ${shown(event?.type)}, but the command declares that it emits ${list}. Nothing was recorded. Add the event to "emits".`,
    )
  }
  if (event.schemaVersion === declared.version) return
  throw new IndelibleError(
    'invalid_declaration',
    `decide of ${type} returned "${event.type}" in version ${shown(event.schemaVersion)}, but the event is declared at version ${declared.version}. Make events by calling their type.`,
  )
}

/** A refusal must be JSON: HTTP sends it, and sagas record it. */
function checkRefusal({ type, refuses }: AnyCommandType, { refused, details }: Refusal): void {
  const invalid = (problem: string, cause?: unknown) =>
    new IndelibleError('invalid_declaration', `${type} refused with ${problem}.`, { cause })
  const declared = refuses.find(({ reason }) => reason === refused)
  if (!declared) {
    const list = refuses.map(({ reason }) => reason).join(', ') || 'none'
    throw invalid(`${shown(refused)}, but declares ${list}. Add the reason to "refuses"`)
  }
  if (declared.details) {
    try {
      parse(declared.details, details, `The details of the refusal ${refused}`, 'invalid_declaration')
    } catch (error) {
      if (isIndelibleError(error, 'invalid_declaration'))
        throw invalid(`details that do not fit: ${error.message}`, error)
      throw error
    }
  }
  try {
    JSON.stringify(details)
  } catch (cause) {
    throw invalid(`details that cannot be written as JSON: ${messageOf(cause)}`, cause)
  }
}
