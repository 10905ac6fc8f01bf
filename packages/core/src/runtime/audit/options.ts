// What the audit trail records besides what is in the log anyway.
import { IndelibleError } from '../../kernel/errors.ts'
import { shown } from '../../kernel/shown.ts'

/** All of them, none, or one in so many. What is left out is counted, and the count is recorded. */
export type Recorded = boolean | { readonly oneIn: number }

export interface AuditOptions {
  /** Commands that the domain refused, and those that ended in a conflict. The default is none. */
  readonly refusals?: Recorded | undefined
  /** Reads by operations, as over HTTP. The default is none. */
  readonly reads?: Recorded | undefined
}

/** The step of a sampling: 1 for all, 0 for none. Throws `invalid_declaration`. */
export function stepOf(name: string, recorded: Recorded = false): number {
  if (typeof recorded === 'boolean') return recorded ? 1 : 0
  const { oneIn } = recorded
  if (Number.isSafeInteger(oneIn) && oneIn >= 1) return oneIn
  throw new IndelibleError(
    'invalid_declaration',
    `audit.${name}.oneIn is ${shown(oneIn)}. It must be a whole number of at least 1: 10 records one in ten.`,
  )
}
