// The rows of a matrix: the nodes of a saga and of its children as they are declared, and the places in the log where an instance came to them.
import { type AnySaga, type FlowNode, flowsIn, nodeAt } from '../../kernel/processes/index.ts'
import { streamName } from '../../kernel/streams.ts'
import { foldSaga, type SagaState } from '../../runtime/processes/state.ts'
import { commandIdOf } from '../../runtime/processes/walk.ts'
import type { Commit, EventStore } from '../../store/port.ts'

/** A node as it is declared: `lines/reserve`, and `parcel/pack` for a node of the child that `parcel` starts. */
export interface MatrixRow {
  readonly path: string
  readonly node: FlowNode
}

/** A node that an instance came to: `lines[tea]/reserve`. */
export interface Place {
  readonly row: string
  readonly node: FlowNode
  readonly saga: AnySaga
  readonly sagaId: string
  readonly step: string
}

/** A saga in the log. */
export interface Instance {
  readonly saga: AnySaga
  readonly sagaId: string
  readonly state: SagaState
  /** What comes before its steps in the paths of rows. */
  readonly prefix: string
}

export function rowsOf(
  { nodes }: Pick<AnySaga, 'nodes'>,
  sagas: readonly AnySaga[],
  prefix = '',
): readonly MatrixRow[] {
  return nodes.flatMap((node) => {
    const path = prefix + node.name
    const inner = flowsIn(node).flatMap(([branch, flow]) =>
      rowsOf({ nodes: flow }, sagas, branch === undefined ? `${path}/` : `${path}/${branch}/`),
    )
    const child = node.kind === 'child' ? sagas.find(({ name }) => name === node.saga.name) : undefined
    return [{ path, node }, ...inner, ...(child ? rowsOf(child, sagas, `${path}/`) : [])]
  })
}

/** Every saga in the log, by its stream. */
export async function instancesIn(
  store: EventStore,
  sagas: readonly AnySaga[],
  root: AnySaga,
): Promise<ReadonlyMap<string, Instance>> {
  const states = new Map<string, { readonly saga: AnySaga; readonly sagaId: string; readonly state: SagaState }>()
  for await (const { events } of store.read([{ categories: sagas.map(({ category }) => category) }])) {
    for (const event of events) {
      const { stream, streamId: sagaId, category } = event
      const saga = sagas.find((each) => each.category === category)!
      states.set(stream, { saga, sagaId, state: foldSaga([event], states.get(stream)?.state)! })
    }
  }
  const prefixOf = (stream: string): string => {
    const found = states.get(stream)
    const parent = found?.state.startedBy.parent
    if (!parent) return found?.saga === root ? '' : `${found?.saga.name}:`
    return `${prefixOf(streamName(`$saga.${parent.saga}`, parent.id))}${declared(parent.step)}/`
  }
  return new Map([...states].map(([stream, found]) => [stream, { ...found, prefix: prefixOf(stream) }]))
}

/** Where an instance came to: also the nodes that contain others. */
export function placesOf({ saga, sagaId, state, prefix }: Instance): readonly Place[] {
  const steps = new Set([...state.nodes.keys()].filter((step) => !step.startsWith('$')).flatMap(withOuter))
  return [...steps].flatMap((step) => {
    const node = nodeAt(saga, step)
    return node ? [{ row: prefix + declared(step), node, saga, sagaId, step }] : []
  })
}

/** The path of a step without the keys of items. */
export function declared(step: string): string {
  return step.replace(/\[[^\]]*\]/g, '')
}

/** `lines[tea]/reserve` is inside `lines`. */
function withOuter(step: string): readonly string[] {
  const parts = step.split('/')
  return parts.map((_part, index) =>
    index === parts.length - 1
      ? step
      : parts
          .slice(0, index + 1)
          .join('/')
          .replace(/\[[^\]]*\]$/, ''),
  )
}

/** The id of the command that carries out a step, or takes it back. */
export function commandAt({ saga, sagaId, step }: Place, what: 'do' | 'compensate'): string {
  // The matrix starts every saga itself, so no map has taken one over from an earlier version.
  const state = { isMapped: false, definition: saga.version }
  return commandIdOf({ saga, sagaId, state }, step, what)
}

/** Whether a commit carries out the command of a step. The commit by which a saga gives the command up has its id too. */
export function carriesOut(place: Place, { commandId, events }: Commit): boolean {
  return commandId === commandAt(place, 'do') && !events.some(({ stream }) => stream === streamOf(place))
}

/** Whether a commit carries out a command of a node inside another. */
export function commandsInside(place: Place, { commandId = '', events }: Commit): boolean {
  const prefix = commandAt({ ...place, step: '' }, 'do').slice(0, -':do'.length)
  const isInside = ['/', '['].some((next) => commandId.startsWith(prefix + place.step + next))
  return isInside && commandId.endsWith(':do') && !events.some(({ stream }) => stream === streamOf(place))
}

/** Whether a commit takes a step back, or records that it is. */
export function takesBack(place: Place, commit: Commit): boolean {
  const { commandId, events } = commit
  return (
    (commandId === commandAt(place, 'compensate') && !events.some(({ stream }) => stream === streamOf(place))) ||
    records(place, commit, '$CompensationSent', '$CompensationDone')
  )
}

/** Whether a saga records something about a place, of one of these types if there are any. */
export function records(place: Place, { events }: Commit, ...types: readonly string[]): boolean {
  return events.some(
    ({ stream, type, data }) =>
      stream === streamOf(place) &&
      (data as { readonly step?: unknown }).step === place.step &&
      (types.length === 0 || types.includes(type)),
  )
}

function streamOf({ saga, sagaId }: Place): string {
  return streamName(saga.category, sagaId)
}
