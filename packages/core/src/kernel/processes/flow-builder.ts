// Makes the nodes of a flow from what is written, and checks them. Their types are those of the chain.
import type { AnyEventType } from '../event-types.ts'
import { isSchema } from '../schemas.ts'
import { shown } from '../shown.ts'
import type { AskNode, AwaitNode, FlowNode, Retry } from './flow.ts'
import {
  capital,
  checkedCompensation,
  checkedDuration,
  checkedFunctions,
  checkedName,
  checkedSend,
  checkedWait,
  invalid,
  uncapital,
} from './flow-checks.ts'

// biome-ignore lint/suspicious/noExplicitAny: the chain types it for those who declare
type Written = any

/** Throws `invalid_declaration` when a node is added that does not fit. */
export function flowOf(who: string, head: object, nodes: readonly FlowNode[]): Written {
  const at = (kind: string, name: string) => `${capital(kind)} "${name}" of ${uncapital(who)}`
  const plus = (node: FlowNode) => {
    checkedName(`A node of ${uncapital(who)}`, node.name)
    if (nodes.some(({ name }) => name === node.name))
      throw invalid(`${at(node.kind, node.name)} is declared twice. Each needs a name of its own.`)
    return flowOf(who, head, [...nodes, node])
  }
  const inner = (made: Written): readonly FlowNode[] => made(flowOf(who, {}, [])).nodes
  const branchesOf = (place: string, made: Record<string, Written>) => {
    const entries = Object.entries(made ?? {})
    if (entries.length === 0) throw invalid(`${place} has no branches.`)
    for (const [branch] of entries) checkedName(`A branch of ${uncapital(place)}`, branch)
    return Object.fromEntries(entries.map(([branch, make]) => [branch, inner(make)]))
  }
  return {
    ...head,
    nodes,
    step(name: string, { compensate, timeout, answer, continueOn = [], retry, ...send }: Written) {
      const place = at('step', name)
      checkedSend(place, send)
      checkedCompensation(place, compensate)
      const { first, max } = { ...retryDefault, ...retry }
      for (const given of [timeout ?? '1s', first, max]) checkedDuration(place, given)
      return plus({ kind: 'step', name, send, answer, continueOn, compensate, timeout, retry: { first, max } })
    },
    each(name: string, { over, key, atOnce = 10, do: make }: Written) {
      const place = at('each', name)
      checkedFunctions(place, { over, key, do: make })
      if (!Number.isSafeInteger(atOnce) || atOnce < 1)
        throw invalid(`${place} runs ${shown(atOnce)} at once: give a whole number from 1 on.`)
      return plus({ kind: 'each', name, over, key, atOnce, nodes: inner(make) })
    },
    parallel: (name: string, made: Written) =>
      plus({ kind: 'parallel', name, branches: branchesOf(at('parallel', name), made) }),
    choose(name: string, when: Written, made: Written) {
      const place = at('choose', name)
      checkedFunctions(place, { when })
      return plus({ kind: 'choose', name, when, branches: branchesOf(place, made) })
    },
    awaitEvent(name: string, event: AnyEventType, { correlate, within, otherwise }: Written) {
      const place = at('await', name)
      if (typeof event?.type !== 'string') throw invalid(`${place} needs a declared event, such as OrderPaid.`)
      const node: AwaitNode = {
        kind: 'await',
        name,
        event,
        correlate: correlate ?? ((_data, { streamId }) => streamId),
        ...checkedWait(place, { within, otherwise }),
      }
      return plus(node)
    },
    sleep(name: string, { for: length, until }: Written) {
      const place = at('sleep', name)
      if ((length === undefined) === (until === undefined)) throw invalid(`${place} needs either "for" or "until".`)
      if (length !== undefined) checkedDuration(place, length)
      else checkedFunctions(place, { until })
      return plus({ kind: 'sleep', name, for: length, until })
    },
    ask(name: string, { owner, question, decision, within, otherwise }: Written) {
      const place = at('ask', name)
      checkedFunctions(place, { owner, question })
      if (!isSchema(decision)) throw invalid(`${place} needs a schema for the decision, such as z.object({ … }).`)
      const node: AskNode = {
        kind: 'ask',
        name,
        owner,
        question,
        decision,
        ...checkedWait(place, { within, otherwise }),
      }
      return plus(node)
    },
    child(name: string, { saga, id, data, compensate }: Written) {
      const place = at('child', name)
      checkedFunctions(place, { id, data })
      checkedCompensation(place, compensate)
      if (typeof saga?.name !== 'string') throw invalid(`${place} needs a declared saga.`)
      const child = { name: saga.name, version: saga.version, data: saga.data }
      return plus({ kind: 'child', name, saga: child, id, data, compensate })
    },
  }
}

const retryDefault: Retry = { first: '50ms', max: '5s' }
