// What comes next for an instance, and when: made from its history and its flow, without calling a function of the saga.
import { type FlowNode, flowsIn, nodeAt } from '../kernel/processes/index.ts'
import type { Instant } from '../kernel/time.ts'
import { definitionOf } from '../runtime/processes/instance.ts'
import { type SagaInstance, type SagaStep, stepsOf } from './saga-reading.ts'

/** Something that is to come. */
export interface SagaAhead {
  readonly step: string
  /** A sentence without its end: `waits for Signed; then send`. */
  readonly text: string
  /** When it comes at the latest; null where nothing limits it. */
  readonly at: Instant | null
}

export function aheadOf(instance: SagaInstance): readonly SagaAhead[] {
  const { state } = instance
  const { nodes } = definitionOf(instance.saga, state)
  const now = stepsOf(instance).map((each) => ({
    step: each.step,
    text: `${waitText(each)}; ${afterText(each, nodes, state.status)}`,
    at: each.until,
  }))
  if (state.status === 'running' || state.status === 'completed' || state.status === 'compensated') return now
  const isUnderWay = new Set(now.map(({ step }) => step))
  const left = state.effects.filter((step) => state.compensatable.has(step) && !isUnderWay.has(step)).toReversed()
  return [...now, ...left.map((step) => ({ step, text: 'is to be taken back', at: null }))]
}

function waitText(step: SagaStep): string {
  switch (step.for) {
    case 'command':
      return `waits for the answer of ${step.to} to ${step.commandType}`
    case 'event':
      return `waits for ${step.eventType}`
    case 'time':
      return 'sleeps'
    case 'person':
      return `waits for ${step.owner} to decide: ${step.question}`
    case 'saga':
      return `waits for the saga ${step.saga} ${step.id}`
    case 'operator':
      return `could not be taken back (${step.reason}), and waits for a person to resume the saga`
  }
}

function afterText(step: SagaStep, nodes: readonly FlowNode[], status: SagaInstance['state']['status']): string {
  if (step.for === 'operator') return 'then the rest is taken back'
  if (status !== 'running' || (step.for === 'command' && step.isCompensation)) return 'then the rest is taken back'
  const node = nodeAt({ nodes }, step.step)
  const next = nextAfter(nodes, step.step)
  const then = next === undefined ? 'then the saga completes' : `then ${next}`
  if (step.until === null || step.for === 'time') return then
  const continues = (node?.kind === 'await' || node?.kind === 'ask') && node.otherwise === 'continue'
  return `${then}; ${continues ? 'after its time the same' : 'after its time the saga takes back what it did'}`
}

/** The node after one, or after the nodes around it: `ship`, or `both, when its other parts are done`. */
function nextAfter(nodes: readonly FlowNode[], path: string): string | undefined {
  const [first, ...rest] = path.split('/')
  const index = nodes.findIndex(({ name }) => name === first!.replace(/\[.*$/, ''))
  const node = nodes[index]
  if (!node) return undefined
  const [, inner] =
    node.kind === 'each' ? flowsIn(node)[0]! : (flowsIn(node).find(([branch]) => branch === rest[0]) ?? [])
  const within = inner && nextAfter(inner, (node.kind === 'each' ? rest : rest.slice(1)).join('/'))
  if (within !== undefined) return within
  const next = nodes[index + 1]?.name
  const waitsForOthers = inner && node.kind !== 'choose'
  if (next === undefined) return waitsForOthers ? `the rest of ${node.name}` : undefined
  return waitsForOthers ? `${next}, when all of ${node.name} is done` : next
}
