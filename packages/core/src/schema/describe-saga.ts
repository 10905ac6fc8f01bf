// A saga as plain JSON: its flow, from which documents, drawings and checks are made.
import { type AnySaga, type FlowNode, flowsIn, type SagaSend } from '../kernel/processes/index.ts'
import { type CommandName, nameOf } from './command-name.ts'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'

export interface SagaDescription {
  readonly name: string
  readonly version: number
  /** What the declaration says about itself; null if it says nothing. */
  readonly description: string | null
  /** Who looks at an instance that cannot go on. */
  readonly owner: string | null
  /** Empty where only other sagas start it. */
  readonly startsOn: readonly string[]
  /** The schema of the data that other sagas start it with; null where it has start events. */
  readonly data: JsonSchema | null
  readonly from: 'now' | 'beginning'
  readonly cancelsOn: readonly string[]
  readonly flow: readonly NodeDescription[]
  readonly onCompleted: CommandName | null
  readonly onCompensated: CommandName | null
}

export type NodeDescription = { readonly name: string } & (
  | {
      readonly kind: 'step'
      readonly sends: CommandName
      /** Refusals after which the saga goes on; every other makes it compensate. */
      readonly continueOn: readonly string[]
      /** `nothing` where the declaration says that there is nothing to take back; null where it says nothing. */
      readonly compensatesWith: CommandName | 'nothing' | null
      readonly timeout: string | null
    }
  | { readonly kind: 'each'; readonly atOnce: number; readonly flow: readonly NodeDescription[] }
  | { readonly kind: 'parallel' | 'choose'; readonly branches: Readonly<Record<string, readonly NodeDescription[]>> }
  | {
      readonly kind: 'await'
      readonly event: string
      readonly within: string
      readonly otherwise: 'compensate' | 'continue'
    }
  | { readonly kind: 'sleep' /** Null where the data say until when. */; readonly for: string | null }
  | { readonly kind: 'ask'; readonly within: string; readonly otherwise: 'compensate' | 'continue' }
  | { readonly kind: 'child'; readonly saga: string; readonly compensatesWith: CommandName | 'nothing' | null }
)

export function describeSaga(saga: AnySaga): SagaDescription {
  const {
    name,
    version,
    description = null,
    owner,
    startsOn,
    data,
    from,
    cancelsOn,
    nodes,
    onCompleted,
    onCompensated,
  } = saga
  return {
    name,
    version,
    description,
    owner: owner ?? null,
    startsOn: startsOn.map(({ type }) => type),
    data: data ? jsonSchemaOf(data, 'output') : null,
    from,
    cancelsOn: cancelsOn.map(({ event }) => event.type),
    flow: nodes.map(describeNode),
    onCompleted: onCompleted ? sent(onCompleted) : null,
    onCompensated: onCompensated ? sent(onCompensated) : null,
  }
}

function describeNode(node: FlowNode): NodeDescription {
  const { name } = node
  switch (node.kind) {
    case 'step': {
      const { kind, send, continueOn, compensate, timeout } = node
      return { name, kind, sends: sent(send), continueOn, compensatesWith: taken(compensate), timeout: timeout ?? null }
    }
    case 'each':
      return { name, kind: 'each', atOnce: node.atOnce, flow: node.nodes.map(describeNode) }
    case 'parallel':
    case 'choose': {
      const branches = flowsIn(node).map(([branch, nodes]) => [branch, nodes.map(describeNode)])
      return { name, kind: node.kind, branches: Object.fromEntries(branches) }
    }
    case 'await':
      return { name, kind: 'await', event: node.event.type, within: node.within, otherwise: node.otherwise }
    case 'sleep':
      return { name, kind: 'sleep', for: node.for ?? null }
    case 'ask':
      return { name, kind: 'ask', within: node.within, otherwise: node.otherwise }
    case 'child':
      return { name, kind: 'child', saga: node.saga.name, compensatesWith: taken(node.compensate) }
  }
}

function taken(compensate: SagaSend | 'nothing' | undefined): CommandName | 'nothing' | null {
  if (compensate === undefined) return null
  return compensate === 'nothing' ? 'nothing' : sent(compensate)
}

function sent({ command }: SagaSend): CommandName {
  return nameOf(command)
}
