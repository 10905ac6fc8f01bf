// What a map does to the state of a saga: its nodes get the names of another version.
import { IndelibleError } from '../../kernel/errors.ts'
import type { SagaMapped } from './events.ts'

type Steps = SagaMapped['steps']

/** What of the state of a saga has names of nodes in it. */
interface Renamable {
  definition: number
  isMapped: boolean
  readonly nodes: Map<string, { readonly isDone: boolean; readonly value: unknown }>
  readonly commands: Map<string, Named>
  readonly waits: Map<string, { readonly event: { readonly type: string; readonly data: Named } }>
  effects: string[]
  readonly compensatable: Set<string>
  readonly pivots: Set<string>
  failure: Named | null
  compensationFailure: Named | null
  resolution: Named | null
}

interface Named {
  readonly step: string
}

/** Changes the state. Throws `invalid_declaration` where two nodes would get the same name, or a name cannot hold the keys of the old one. */
export function rename(state: Renamable, { to, steps, answers }: SagaMapped): void {
  const place = (path: string) => renamed(path, steps)
  const kept = (paths: Iterable<string>) => [...paths].flatMap((path) => place(path) ?? [])
  const { nodes, commands, waits } = state
  state.definition = to
  state.isMapped = true
  replace(nodes, place, (node, path) => {
    const isBranch = typeof node.value === 'string' && !node.isDone
    return isBranch ? { ...node, value: lastOf(place(`${path}/${node.value}`) ?? `${node.value}`) } : node
  })
  for (const [path, value] of Object.entries(answers)) nodes.set(path, { isDone: true, value })
  replace(commands, place, (command, _path, step) => ({ ...command, step }))
  replace(waits, place, (wait, _path, step) => {
    const { type, data } = wait.event
    return { ...wait, event: { type, data: { ...data, step } } }
  })
  state.effects = kept(state.effects)
  for (const paths of [state.compensatable, state.pivots]) {
    const still = kept(paths)
    paths.clear()
    for (const path of still) paths.add(path)
  }
  state.failure = state.failure && withName(state.failure, place)
  state.compensationFailure = state.compensationFailure && withName(state.compensationFailure, place)
  state.resolution = state.resolution && withName(state.resolution, place)
}

/** The path of a node in the other version, or null where that has no such node. */
export function renamed(path: string, steps: Steps): string | null {
  const parts = path.split('/')
  for (let length = parts.length; length > 0; length--) {
    const from = parts.slice(0, length)
    const name = from.map(withoutKey).join('/')
    if (!Object.hasOwn(steps, name)) continue
    const to = steps[name]!
    return to === null ? null : [...withKeys(to, from), ...parts.slice(length)].join('/')
  }
  return path
}

function withKeys(to: string, from: readonly string[]): readonly string[] {
  const keys = from.map((part) => part.slice(withoutKey(part).length))
  const names = to.split('/')
  if (names.length !== keys.length && keys.some(Boolean)) {
    const old = from.join('/')
    throw fault(`The map leads from "${old}" to "${to}". Where items have keys, both paths need as many parts.`)
  }
  return names.map((name, index) => `${name}${keys[index] ?? ''}`)
}

function replace<Value>(
  entries: Map<string, Value>,
  place: (path: string) => string | null,
  change: (value: Value, path: string, to: string) => Value,
): void {
  const before = [...entries]
  entries.clear()
  for (const [path, value] of before) {
    const to = place(path)
    if (to === null) continue
    if (entries.has(to)) throw fault(`The map gives two steps the name "${to}", one of them "${path}".`)
    entries.set(to, change(value, path, to))
  }
}

function withName(named: Named, place: (path: string) => string | null): Named {
  return { ...named, step: place(named.step) ?? named.step }
}

function withoutKey(part: string): string {
  const at = part.indexOf('[')
  return at < 0 ? part : part.slice(0, at)
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function fault(message: string): IndelibleError {
  return new IndelibleError('invalid_declaration', message)
}
