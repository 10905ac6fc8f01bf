// What a saga consists of, as data: its nodes and their order. The runtime walks it; checks, drawings and documents read it.
import type { AnyCommandType } from '../commands.ts'
import type { AnyEventType } from '../event-types.ts'
import type { RecordedEvent } from '../events.ts'
import type { Schema } from '../schemas.ts'
import type { Instant } from '../time.ts'

/** What the functions of a saga may know besides the data of the event that started it. */
export interface SagaContext<Answers = unknown, Item = unknown> {
  readonly sagaId: string
  /** What the nodes before this one answered, by their names. */
  readonly answers: Answers
  /** Inside `each`: the item that this is done for. */
  readonly item: Item
}

/** A function of a saga. It is pure: it may be called again after a crash, and must give the same value then. */
export type SagaFunction<Value> = (data: unknown, context: SagaContext) => Value

/** A command that a saga sends, as data. */
export interface SagaSend {
  readonly command: AnyCommandType
  /** The id of the aggregate that it is for. */
  readonly to: SagaFunction<string>
  readonly input: SagaFunction<unknown>
}

/** How a step is tried again after a fault that may pass. */
export interface Retry {
  /** The wait after the first try, written like `'100ms'`. Each later wait is twice as long. */
  readonly first: string
  /** The longest wait. */
  readonly max: string
}

/** What happens when a wait is over and nothing came: the saga takes everything back, or goes on without an answer. */
export type Otherwise = 'compensate' | 'continue'

interface Named {
  readonly name: string
}

/** Sends a command and goes on with its answer. */
export interface StepNode extends Named {
  readonly kind: 'step'
  readonly send: SagaSend
  /** What later nodes may know of the events that the command recorded. */
  readonly answer: ((events: readonly RecordedEvent[]) => unknown) | undefined
  /** Refusals after which the saga goes on. Every other refusal makes it compensate. */
  readonly continueOn: readonly string[]
  /** `nothing`: the declaration says that there is nothing to take back. `undefined`: it says nothing. */
  readonly compensate: SagaSend | 'nothing' | undefined
  readonly timeout: string | undefined
  readonly retry: Retry
}

/** Does the same for every item of a list. */
export interface EachNode extends Named {
  readonly kind: 'each'
  readonly over: SagaFunction<readonly unknown[]>
  /** Tells one item from the others; items with the same key are a fault of the data. */
  readonly key: (item: unknown, index: number) => string
  /** How many items are under way at the same time. */
  readonly atOnce: number
  readonly nodes: readonly FlowNode[]
}

/** Several flows at the same time. It is done when all are. */
export interface ParallelNode extends Named {
  readonly kind: 'parallel'
  readonly branches: Readonly<Record<string, readonly FlowNode[]>>
}

/** One of several flows, chosen by the data and the answers so far. */
export interface ChooseNode extends Named {
  readonly kind: 'choose'
  readonly when: SagaFunction<string>
  readonly branches: Readonly<Record<string, readonly FlowNode[]>>
}

/** Waits for an event of anyone that has happened since the saga started. */
export interface AwaitNode extends Named {
  readonly kind: 'await'
  readonly event: AnyEventType
  /** The id of the saga that an event is for. */
  readonly correlate: (data: unknown, event: RecordedEvent) => string
  readonly within: string | 'forever'
  readonly otherwise: Otherwise
}

/** Waits for a time. */
export interface SleepNode extends Named {
  readonly kind: 'sleep'
  readonly for: string | undefined
  readonly until: SagaFunction<Instant> | undefined
}

/** Asks a person, who answers with a recorded decision. */
export interface AskNode extends Named {
  readonly kind: 'ask'
  readonly owner: SagaFunction<string>
  readonly question: SagaFunction<string>
  readonly decision: Schema
  readonly within: string | 'forever'
  readonly otherwise: Otherwise
}

/** Starts another saga and waits for its end. Where that one compensates, so does this one. */
export interface ChildNode extends Named {
  readonly kind: 'child'
  /** `data`: what its data must be, where it has no start event. */
  readonly saga: { readonly name: string; readonly version: number; readonly data: Schema | undefined }
  readonly id: SagaFunction<string>
  readonly data: SagaFunction<unknown>
  readonly compensate: SagaSend | 'nothing' | undefined
}

export type FlowNode = StepNode | EachNode | ParallelNode | ChooseNode | AwaitNode | SleepNode | AskNode | ChildNode

/** Whether nothing takes back what a node does: once it has begun, the saga can only go forwards, unless it is refused. */
export function isPivot({ compensate, ...node }: StepNode | ChildNode): boolean {
  // A command that records nothing has nothing to take back.
  return compensate === undefined && (node.kind === 'child' || node.send.command.emits.length > 0)
}

/** The flows directly inside a node, by the name of the branch; that of `each` has none. */
export function flowsIn(
  node: FlowNode,
): readonly (readonly [branch: string | undefined, nodes: readonly FlowNode[]])[] {
  if (node.kind === 'each') return [[undefined, node.nodes]]
  if (node.kind === 'parallel' || node.kind === 'choose') return Object.entries(node.branches)
  return []
}

/** Every node of a flow, also those inside others, in the order of declaration. */
export function allNodes(nodes: readonly FlowNode[]): readonly FlowNode[] {
  return nodes.flatMap((node) => [node, ...flowsIn(node).flatMap(([, inner]) => allNodes(inner))])
}

/** The node that a path leads to, `lines[tea]/reserve`, or nothing where the flow has none there. */
export function nodeAt({ nodes }: { readonly nodes: readonly FlowNode[] }, path: string): FlowNode | undefined {
  let found: FlowNode | undefined
  let within: readonly FlowNode[] = nodes
  for (const part of path.split('/')) {
    const name = part.replace(/\[.*$/, '')
    const branch = found && found.kind !== 'each' ? flowsIn(found).find(([each]) => each === name) : undefined
    if (branch) {
      within = branch[1]
      found = undefined
      continue
    }
    found = within.find((node) => node.name === name)
    if (!found) return undefined
    within = found.kind === 'each' ? found.nodes : []
  }
  return found
}

/** The names of the sagas that a flow starts. */
export function childrenOf(nodes: readonly FlowNode[]): readonly string[] {
  return nodes.flatMap((node) =>
    node.kind === 'child' ? [node.saga.name] : flowsIn(node).flatMap(([, inner]) => childrenOf(inner)),
  )
}
