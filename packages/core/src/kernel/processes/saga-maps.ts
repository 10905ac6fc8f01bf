// Maps take instances of an earlier version of a saga over to the newest one. They are data, so that a check can say of each instance what becomes of it.
import { shown } from '../shown.ts'
import { type FlowNode, nodeAt } from './flow.ts'
import { invalid } from './flow-checks.ts'

/** How an earlier version of a saga is seen by the newest one. Nodes are named by their paths without keys: `lines/reserve`, `size/large/approval`. */
export interface SagaMap {
  /** What a node of the earlier version is called now; `null` where there is none any more. Nodes inside it go with it. Others keep their names. */
  readonly steps?: Readonly<Record<string, string | null>>
  /** What a step or question of the newest version would have answered, from what the earlier version did. Pure. By the path in the newest version. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the earlier version answered
  readonly answers?: Readonly<Record<string, (answer: any) => unknown>>
}

/** By the earlier version. */
export type SagaMaps = Readonly<Record<number, SagaMap>>

/** Throws `invalid_declaration`. */
export function checkedMaps(who: string, maps: SagaMaps, version: number): SagaMaps {
  for (const [from, map] of Object.entries(maps)) {
    if (!(Number.isSafeInteger(Number(from)) && Number(from) >= 1 && Number(from) < version))
      throw invalid(`${who} has a map for version ${shown(from)}. Map lower versions than ${version}.`)
    for (const [path, to] of Object.entries(map?.steps ?? {}))
      if (!isPath(path) || !(to === null || isPath(to)))
        throw invalid(
          `${who} maps ${shown(path)} of version ${from} to ${shown(to)}: write paths without keys, such as 'lines/reserve', or null.`,
        )
    for (const [path, make] of Object.entries(map?.answers ?? {}))
      if (!isPath(path) || typeof make !== 'function')
        throw invalid(`${who} maps the answer of ${shown(path)} by ${shown(make)}: write a function of the old answer.`)
  }
  return maps
}

/** What is wrong with the maps, now that the flow is known. */
export function mapFindings(saga: { readonly nodes: readonly FlowNode[]; readonly maps: SagaMaps }): readonly string[] {
  return Object.entries(saga.maps).flatMap(([from, { steps = {}, answers = {} }]) => [
    ...Object.entries(steps)
      .filter(([, to]) => to !== null && !nodeAt(saga, to) && !isBranch(saga, to))
      .map(([path, to]) => `The map of version ${from} leads from "${path}" to "${to}", which the flow does not have.`),
    ...Object.keys(answers)
      .filter((path) => !['step', 'ask'].includes(nodeAt(saga, path)?.kind ?? ''))
      .map(
        (path) => `The map of version ${from} makes an answer of "${path}", which is no step or question of the flow.`,
      ),
  ])
}

function isPath(given: unknown): boolean {
  return typeof given === 'string' && /^\w+(\/\w+)*$/.test(given)
}

/** `size/large`: a branch of a node. */
function isBranch(saga: { readonly nodes: readonly FlowNode[] }, path: string): boolean {
  const cut = path.lastIndexOf('/')
  const node = cut < 0 ? undefined : nodeAt(saga, path.slice(0, cut))
  return node !== undefined && 'branches' in node && Object.hasOwn(node.branches, path.slice(cut + 1))
}
