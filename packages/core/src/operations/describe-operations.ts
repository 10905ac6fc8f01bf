// All operations of a declared system as plain JSON: documents of any transport are made from it.
import type { ErrorCode } from '../kernel/errors.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import type { SystemDescription } from '../schema/system-description.ts'
import { consumerDefinitions } from './consumer-definitions.ts'
import { eventDefinitions } from './event-definitions.ts'
import { type OperationName, operations } from './list.ts'
import { type Operation, type OperationCase, principalParameters } from './operation.ts'
import { projectionDefinitions } from './projection-definitions.ts'
import { commandDefinitions } from './send-command.ts'

/** The operations of a system. References in all schemas (`#/$defs/<name>`) lead to `definitions`. */
export interface OperationsDescription {
  readonly operations: readonly OperationDescription[]
  readonly definitions: Readonly<Record<string, JsonSchema>>
}

/** An operation for one declared command, table and so on, or for the whole system. */
export interface OperationDescription extends Required<Omit<OperationCase, 'schemas' | 'description'>> {
  readonly operation: OperationName
  readonly effect: 'reads' | 'changes'
  readonly description: string | null
  /** The parameters that are not `given`, by name. */
  readonly parameters: Readonly<Record<string, ParameterDescription>>
  /** What a caller may say about itself: nothing where nothing is recorded. */
  readonly principal: Readonly<Record<string, ParameterDescription>>
  readonly refusals: readonly ErrorCode[]
}

/** A parameter as JSON. */
export interface ParameterDescription {
  readonly description: string
  readonly schema: JsonSchema
  readonly isRequired: boolean
}

/** Describes the operations of a system from its description alone: without tenants, unless these are asked for. */
export function describeOperations(
  system: SystemDescription,
  { tenants = false }: { readonly tenants?: boolean } = {},
): OperationsDescription {
  const there = Object.entries(operations).filter(([, { of }]) => tenants || of !== 'tenants')
  return {
    operations: there.flatMap(([name, operation]) =>
      operation.describe(system).map((each) => described(name as OperationName, operation as Operation, each)),
    ),
    definitions: {
      ...commandDefinitions(system.commands),
      ...eventDefinitions(system),
      ...projectionDefinitions,
      ...consumerDefinitions,
    },
  }
}

function described(name: OperationName, operation: Operation, each: OperationCase): OperationDescription {
  const { effect, recordsPrincipal, refusals } = operation
  const { given = {}, group, summary, description = null, schemas = {}, result, domainRefusals = [] } = each
  const open = Object.entries(operation.parameters).filter(([parameter]) => !Object.hasOwn(given, parameter))
  const parameters = open.map(([parameter, { description, schema, isRequired }]) => [
    parameter,
    { description, schema: schemas[parameter] ?? schema, isRequired },
  ])
  const principal = Object.entries(recordsPrincipal ? principalParameters : {}).map(
    ([parameter, { description, schema, isRequired }]) => [parameter, { description, schema, isRequired }],
  )
  return {
    operation: name,
    effect,
    group,
    summary,
    description,
    given,
    parameters: Object.fromEntries(parameters),
    principal: Object.fromEntries(principal),
    result,
    refusals,
    domainRefusals,
  }
}
