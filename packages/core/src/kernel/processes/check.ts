// What is wrong with a saga as far as its declaration tells: whatever way it may take, it must come to an end that takes everything back, or to a person.
import { isActivity } from '../activities.ts'
import { childrenOf, type FlowNode, flowsIn, isPivot, type SagaSend } from './flow.ts'
import type { AnySaga } from './saga.ts'
import { mapFindings } from './saga-maps.ts'

/** An error is refused by `defineSystem`; a warning is shown. */
export interface SagaFinding {
  readonly kind: 'error' | 'warning'
  readonly message: string
}

/** A step that takes effect, and the way from it so far. */
interface Effect {
  readonly place: string
  readonly way: readonly string[]
}

/** `sagas` are all of the system: children are followed. */
export function sagaFindings(saga: AnySaga, sagas: readonly AnySaga[]): readonly SagaFinding[] {
  const check = new SagaCheck(saga)
  const maps = mapFindings(saga).map((message) => ({ kind: 'error' as const, message }))
  return [...check.findings, ...maps, ...ownCalls(saga, sagas)]
}

class SagaCheck {
  readonly findings: SagaFinding[] = []
  readonly #saga: AnySaga
  readonly #told = new Set<string>()

  constructor(saga: AnySaga) {
    this.#saga = saga
    const { cancelsOn } = saga
    const effects = this.#flow(saga.nodes, '', [])
    const [cancel] = cancelsOn
    // It may be cancelled after any step but the last, with which it has ended.
    if (cancel)
      for (const effect of effects.slice(0, -1)) this.#uncompensated(effect, `it is cancelled by ${cancel.event.type}`)
  }

  /** Gives what has taken effect and cannot be taken back after a flow, those of `before` included. */
  #flow(nodes: readonly FlowNode[], prefix: string, before: readonly Effect[]): readonly Effect[] {
    let effects = before
    for (const node of nodes) effects = this.#node(node, prefix, effects)
    return effects
  }

  #node(node: FlowNode, prefix: string, before: readonly Effect[]): readonly Effect[] {
    const place = prefix + node.name
    const failure = failureOf(node)
    if (failure) for (const effect of before) this.#uncompensated(effect, `${place} ${failure}`)
    const passed = before.map(({ way, ...effect }) => ({ ...effect, way: [...way, place] }))
    if (node.kind === 'step') this.#step(node, place)
    if ((node.kind === 'step' || node.kind === 'child') && isPivot(node)) return [...passed, { place, way: [] }]
    const flows = flowsIn(node)
    if (node.kind === 'each' && node.nodes.length === 0)
      this.#error(`"${place}" does nothing for its items. Add a step to its flow.`)
    if (flows.length === 0) return passed
    const after = flows.map(([branch, inner]) =>
      this.#flow(inner, branch === undefined ? `${place}/` : `${place}/${branch}/`, passed),
    )
    // What one item or branch has done is to be taken back where another fails.
    if (node.kind === 'each' || node.kind === 'parallel') {
      for (const [index, [, inner]] of flows.entries()) {
        const others = node.kind === 'each' ? after : after.toSpliced(index, 1)
        const [first] = failuresIn(inner, node.kind === 'each' ? `${place}/` : `${place}/${flows[index]![0]}/`)
        if (first) for (const effect of others.flat()) this.#uncompensated(effect, first)
      }
    }
    return unique(after.flat())
  }

  #step({ send, continueOn, compensate, timeout }: FlowNode & { kind: 'step' }, place: string): void {
    const refusals = send.command.refuses.map(({ reason }) => reason)
    for (const reason of continueOn) {
      if (!refusals.includes(reason))
        this.#error(
          `"${place}" goes on after the refusal ${reason}, which ${send.command.type} does not declare. Take it from "continueOn".`,
        )
    }
    if (timeout !== undefined && isActivity(send.command) && !send.command.activity.giveUp)
      this.#error(
        `"${place}" has a timeout, which does not say what the service "${send.command.category}" did. Declare in the activity ${send.command.type} how it is asked not to do it any more (giveUp: 'DELETE /…/{idempotencyKey}'), or take the timeout away: then it is asked until it answers.`,
      )
    if (typeof compensate !== 'object') return
    const refused = reasonsOf(compensate)
    if (refused.length > 0 && this.#saga.owner === undefined) {
      this.findings.push({
        kind: 'warning',
        message: `The compensation of "${place}" (${compensate.command.type}) may be refused: ${refused.join(', ')}. Name who looks at it then: saga('${this.#saga.name}', { owner: 'payments team', … }).`,
      })
    }
  }

  #uncompensated({ place, way }: Effect, end: string): void {
    const isTold = this.#told.has(place)
    this.#told.add(place)
    if (isTold) return
    const steps = ['start', ...[place, ...way].map((each) => `"${each}"`), end].join(' → ')
    this.#error(
      `"${place}" takes effect and cannot be taken back (${steps}). Add compensate: { command, to, input }, or compensate: 'nothing' where there is nothing to take back.`,
    )
  }

  #error(message: string): void {
    this.findings.push({ kind: 'error', message })
  }
}

/** How a node may make the saga compensate; nothing where it never does. */
function failureOf(node: FlowNode): string | undefined {
  if (node.kind === 'step') {
    const refused = reasonsOf(node.send).filter((reason) => !node.continueOn.includes(reason))
    if (refused.length > 0) return `is refused (${refused[0]})`
    return node.timeout === undefined ? undefined : `takes longer than ${node.timeout}`
  }
  if ((node.kind === 'await' || node.kind === 'ask') && node.otherwise === 'compensate' && node.within !== 'forever')
    return `gets no answer within ${node.within}`
  return node.kind === 'child' ? `compensates` : undefined
}

function failuresIn(nodes: readonly FlowNode[], prefix: string): readonly string[] {
  return nodes.flatMap((node) => {
    const failure = failureOf(node)
    const inner = flowsIn(node).flatMap(([branch, each]) =>
      failuresIn(each, branch === undefined ? `${prefix}${node.name}/` : `${prefix}${node.name}/${branch}/`),
    )
    return [...(failure ? [`${prefix}${node.name} ${failure}`] : []), ...inner]
  })
}

function reasonsOf({ command }: SagaSend): readonly string[] {
  return [...command.refuses.map(({ reason }) => reason), ...Object.values(command.aggregate?.unique ?? {})]
}

/** A saga that starts itself as a child, perhaps through others, never ends. */
function ownCalls(saga: AnySaga, sagas: readonly AnySaga[]): readonly SagaFinding[] {
  const byName = new Map(sagas.map((each) => [each.name, each]))
  const way = [saga.name]
  const visit = (name: string): boolean =>
    childrenOf(byName.get(name)?.nodes ?? []).some((child) => {
      way.push(child)
      if (child === saga.name || (way.length <= byName.size && visit(child))) return true
      way.pop()
      return false
    })
  if (!visit(saga.name)) return []
  return [
    {
      kind: 'error',
      message: `Saga "${saga.name}" starts itself as a child (${way.join(' → ')}), so that it never ends.`,
    },
  ]
}

function unique(effects: readonly Effect[]): readonly Effect[] {
  return [...new Map(effects.map((effect) => [effect.place, effect])).values()]
}
