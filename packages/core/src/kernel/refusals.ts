// Refusals: the "no" of the domain. They are expected outcomes, so they are values and not exceptions. Commands declare the refusals that they may return.
import { IndelibleError } from './errors.ts'
import { parse, type Schema } from './schemas.ts'

/** What `decide` returns to refuse a command. */
export interface Refusal<Reason extends string = string, Details = unknown> {
  readonly refused: Reason
  readonly details: Details
}

/** The details of a refusal without details. */
export interface NoDetails {
  /** Never set. Because of it, this type allows no other members and cannot be confused with the details of another refusal. */
  readonly '~none'?: never
}

/** A declared refusal with details. Call it to refuse: `InsufficientFunds({ balance })`. */
export interface RefusalType<Reason extends string = string, Details = unknown> {
  /** Throws `invalid_declaration` if the details do not fit the schema. */
  (details: Details): Refusal<Reason, Details>
  readonly reason: Reason
  readonly details: Schema<Details>
}

// biome-ignore lint/suspicious/noExplicitAny: a constraint that every refusal type satisfies
export type AnyRefusalType = RefusalType<string, any>

/** An entry of `refuses`: a reason without details, or a declared refusal. */
export type Refusable = string | AnyRefusalType

/** The refusals of a list of them. */
export type RefusalOf<Listed> = Listed extends string
  ? Refusal<Listed, NoDetails>
  : // biome-ignore lint/suspicious/noExplicitAny: a refusal type of any details
    Listed extends RefusalType<infer Reason, any>
    ? Refusal<Reason, ReturnType<Listed>['details']>
    : never

/** Declares a refusal with details. The documents of the API show their schema: `refusal('InsufficientFunds', z.object({ balance: z.int() }))`. */
export function refusal<const Reason extends string, Details>(
  reason: Reason,
  details: Schema<Details>,
): RefusalType<Reason, Details> {
  checkedReason(reason)
  const make = (given: Details): Refusal<Reason, Details> => ({
    refused: reason,
    details: parse(details, given, `The details of the refusal ${reason}`, 'invalid_declaration'),
  })
  return Object.assign(make, { reason, details })
}

/**
 * Refuses a command without details: `refuse('NoSuchAccount')`. If the compiler knows what the command declares (`Declared`), a wrong
 * reason is an error at this call, and not an error of the whole `decide`.
 */
export function refuse<Declared extends string = string, const Reason extends string = string>(
  reason: Reason extends NoInfer<Declared> ? Reason : NoInfer<Declared>,
): Reason extends Declared ? Refusal<Reason, NoDetails> : Refusal<Declared, never> {
  return { refused: reason, details: {} } as never
}

/** Throws `invalid_declaration`. */
export function checkedReason(reason: unknown): string {
  if (typeof reason === 'string' && reason !== '' && reason.isWellFormed()) return reason
  throw new IndelibleError('invalid_declaration', 'A refusal needs a reason: text such as "InsufficientFunds".')
}
