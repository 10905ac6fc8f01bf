// Why a principal may do something or not, without a running system.
import { Access, type AccessOptions, type Explanation, type Principal, type Scope } from '../access/index.ts'
import type { System } from '../kernel/system.ts'
import { type OperationName, operations } from './list.ts'
import type { Operation } from './operation.ts'
import { parsedInput } from './parameters.ts'

export interface AccessAsked {
  readonly principal: Principal
  readonly operation: OperationName
  /** The input of the operation. */
  readonly input: object
  /** Where, in a system with tenants. */
  readonly scope?: Scope | undefined
}

/** Whether the grants allow a call, by which of them, and why others do not. Throws `invalid_parameter`, and `config_invalid` for wrong grants. */
export function explainAccess(
  system: System,
  access: AccessOptions | undefined,
  { principal, operation, input, scope = 'one log' }: AccessAsked,
): Explanation {
  const { parameters, needs } = operations[operation] as Operation
  const whole = Access.of(system, access, scope === 'one log' ? 'one log' : 'whole')
  const there = typeof scope === 'object' ? whole.within(scope.tenant) : whole
  return there.explain(principal, needs(parsedInput(parameters, input)))
}
