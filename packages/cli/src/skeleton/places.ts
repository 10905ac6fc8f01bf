// Where each part of a board is declared: its module, and its name there.
import type { Board, BoardCommand, BoardLane } from 'indelible/schema'
import { camel, isIdentifier, isKeptByWindows, kebab, pascal } from './names.ts'

export interface Place {
  readonly file: string
  /** What the module exports. */
  readonly name: string
  /** How other modules call it: `partner.commands.Open` of the exported `partner`. */
  readonly code: string
}

export interface PlacedCommand {
  readonly lane: BoardLane
  readonly command: BoardCommand
  /** Its type, without what it belongs to. */
  readonly type: string
  readonly place: Place
}

export interface Places {
  readonly aggregates: ReadonlyMap<string, Place>
  /** By its name on the board. */
  readonly commands: ReadonlyMap<string, PlacedCommand>
  readonly events: ReadonlyMap<string, Place>
  readonly models: ReadonlyMap<string, Place>
  readonly policies: ReadonlyMap<string, Place>
  readonly sagas: ReadonlyMap<string, Place>
  readonly readModels: ReadonlyMap<string, Place>
  readonly reactions: ReadonlyMap<string, Place>
  readonly subscriptions: ReadonlyMap<string, Place>
  readonly remotes: ReadonlyMap<string, Place>
  readonly system: Place
}

export function placesOf(board: Board): Places {
  const taken = new Set<string>()
  /** Exported names are unique in the system, so that every module can import any of them. */
  const named = (file: string, ...candidates: readonly string[]): Place => {
    const name = candidates.find((each) => isIdentifier(each) && !taken.has(each)) ?? candidates.at(-1)!
    taken.add(name)
    return { file, name, code: name }
  }
  const files = new Set(board.lanes.map(eventsFileOf))
  /** A file for one declaration. Where the plain name is taken, it says what it is of. */
  const fileOf = (dir: string, name: string, kind: string): string => {
    const plain = `${dir}/${kebab(name)}.ts`
    const file = files.has(plain) || isKeptByWindows(kebab(name)) ? `${dir}/${kebab(name)}-${kind}.ts` : plain
    files.add(file)
    return file
  }
  const lanes = (...kinds: readonly BoardLane['kind'][]) => board.lanes.filter(({ kind }) => kinds.includes(kind))
  const aggregates = new Map(
    lanes('aggregate').map((lane) => {
      const name = camel(lane.name)
      return [lane.name, named(fileOf(folderOf(lane), lane.name, 'aggregate'), name, `${name}Aggregate`)]
    }),
  )
  const remotes = new Map(
    lanes('system').map((lane) => {
      const name = camel(lane.name)
      return [lane.name, named(fileOf(folderOf(lane), lane.name, 'system'), name, `${name}System`)]
    }),
  )
  const events = new Map(
    board.lanes.flatMap((lane) =>
      lane.events.map(({ name }) => {
        const remote = lane.kind === 'system' ? remotes.get(lane.name) : undefined
        if (remote)
          return [name, { ...remote, code: `${remote.name}.events.${name.slice(lane.name.length + 1)}` }] as const
        return [name, named(eventsFileOf(lane), pascal(name))] as const
      }),
    ),
  )
  const commands = new Map(
    board.lanes.flatMap((lane) =>
      lane.commands.map((command) => {
        const type = typeOf(command, lane)
        const remote = lane.kind === 'system' ? remotes.get(lane.name) : undefined
        const place = remote
          ? { ...remote, code: `${remote.name}.commands.${type}` }
          : named(fileOf(folderOf(lane), type, 'command'), pascal(type), pascal(`${lane.name} ${type}`))
        return [command.name, { lane, command, type, place }] as const
      }),
    ),
  )
  const parts = (dir: string, kind: string, all: readonly { readonly name: string }[]) =>
    new Map(
      all.map(
        ({ name }) =>
          [name, named(fileOf(dir, name, kind.toLowerCase()), camel(name), `${camel(name)}${kind}`)] as const,
      ),
    )
  return {
    aggregates,
    remotes,
    events,
    commands,
    models: parts('models', 'Model', board.models),
    readModels: parts('projections', 'Projection', board.readModels),
    sagas: parts('sagas', 'Saga', board.sagas),
    policies: parts('policies', 'Policy', board.policies),
    reactions: parts('reactions', 'Reaction', board.reactions),
    subscriptions: parts('subscriptions', 'Subscription', board.subscriptions),
    system: named('system.ts', camel(board.name), `${camel(board.name)}System`),
  }
}

/** What belongs to a lane stands in a folder of its own. */
export function folderOf({ name }: Pick<BoardLane, 'name'>): string {
  return kebab(name)
}

export function eventsFileOf(lane: Pick<BoardLane, 'name'>): string {
  return `${folderOf(lane)}/events.ts`
}

/** `Open` of `partner: Open`. */
export function typeOf({ name }: Pick<BoardCommand, 'name'>, lane: Pick<BoardLane, 'name'>): string {
  return name.startsWith(`${lane.name}: `) ? name.slice(lane.name.length + 2) : name
}
