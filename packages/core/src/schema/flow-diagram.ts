// The CQRS flow as diagrams: an overview where each lane of the board is one box, and each lane with its commands, its events, who sends and who listens.
import type { Board, BoardLane } from './board/board.ts'
import { type BoardPart, listenersTo, sendersOf, sendsOf } from './board/relations.ts'
import type { Diagram, DiagramEdge, DiagramGroup, DiagramNode, DiagramRole } from './diagram.ts'

/** Lanes, sagas, policies, reactions and read tables. In a large system, what listens to one lane alone is told in the box of the lane. */
export function flowOverview(board: Board): Diagram {
  const parts = new Parts()
  const sources = sourcesOf(board)
  const listeners = [...sources.values()]
  const isLarge = board.lanes.length + listeners.length > overviewNodesMax
  const isShown = ({ part, lanes }: Source) =>
    !isLarge || lanes.size !== 1 || part.kind === 'saga' || part.kind === 'policy'
  const shown = listeners.filter(isShown)
  const folded = listeners.filter((each) => !isShown(each))
  const lanes = board.lanes.map((lane) =>
    parts.lane(
      lane,
      folded.filter((each) => each.lanes.has(linkOfLane(lane))),
    ),
  )
  const of = (isTable: boolean) =>
    shown.filter(({ part }) => (part.kind === 'projection') === isTable).map(({ part }) => parts.part(part))
  return {
    title: `${board.name}: the flow`,
    about:
      'Solid lines are events: who hears of what a lane records. Dashed lines are commands: who tells a lane what to do.',
    direction: 'right',
    nodes: [...group('write', 'Write side', lanes), ...of(false), ...group('read', 'Read side', of(true), 'readmodel')],
    edges: [
      ...shown.flatMap(({ part, lanes }) => [...lanes].map((lane) => parts.edge(lane, keyOf(part), 'solid'))),
      ...factLines(board, parts),
      ...commandLines(board, parts),
    ],
  }
}

/** A lane by itself. What is outside the lane stands at its sides. */
export function laneFlow(board: Board, lane: BoardLane): Diagram {
  const parts = new Parts()
  const inside = new Set(lane.events.map(({ name }) => name))
  const commands = lane.commands.map((command) => parts.command(command))
  const events = lane.events.map(({ name }) => parts.event(name))
  const foreign = [...new Set(lane.commands.flatMap(({ emits }) => emits))]
    .filter((name) => !inside.has(name))
    .map((name) => parts.event(name))
  const sending = lane.commands.flatMap(({ name }) => sendersOf(board, name).map((sender) => [sender, name] as const))
  const consulted = lane.commands.flatMap(({ name, consults }) =>
    consults.map((model) => [{ kind: 'decision model', name: model } as const, name] as const),
  )
  const hearing = lane.events.flatMap(({ name }) =>
    listenersTo(board, name).map((listener) => [name, listener] as const),
  )
  const left = [...sending, ...consulted]
  const senders = unique(left.map(([sender]) => sender)).map((each) => parts.part(each, 'from '))
  const listeners = unique(hearing.map(([, listener]) => listener))
  const others = listeners.filter(({ kind }) => kind !== 'projection').map((each) => parts.part(each))
  const tables = listeners.filter(({ kind }) => kind === 'projection').map((each) => parts.part(each))
  return {
    title: titleOfLane(lane),
    about: 'From left to right: who sends, the commands, what they record, and who listens.',
    direction: 'right',
    nodes: [
      ...senders,
      ...group('lane', titleOfLane(lane), [...commands, ...events], roleOfLane(lane)),
      ...foreign,
      ...others,
      ...group('read', 'Read side', tables, 'readmodel'),
    ],
    edges: [
      ...left.map(([sender, command]) =>
        parts.edge(
          `from ${keyOf(sender)}`,
          `command ${command}`,
          sender.kind === 'decision model' ? 'solid' : 'dashed',
        ),
      ),
      ...lane.commands.flatMap(({ name, emits }) =>
        emits.map((event) => parts.edge(`command ${name}`, `event ${event}`, 'solid')),
      ),
      ...hearing.map(([event, listener]) => parts.edge(`event ${event}`, keyOf(listener), 'solid')),
    ],
  }
}

export function titleOfLane({ kind, name }: BoardLane): string {
  return kind === 'elsewhere' ? 'Events from elsewhere' : `${laneWords[kind]} ${name}`
}

/** Where documents tell of it. */
export function linkOfLane({ kind, name }: BoardLane): string {
  return kind === 'aggregate' || kind === 'facts'
    ? `aggregate/${name}`
    : kind === 'elsewhere'
      ? 'elsewhere'
      : `${kind}/${name}`
}

/** A listener, with the lanes whose events it hears. */
interface Source {
  readonly part: BoardPart
  readonly lanes: Set<string>
}

function sourcesOf(board: Board): ReadonlyMap<string, Source> {
  const named = (kind: BoardPart['kind'], parts: readonly { readonly name: string }[]) =>
    parts.map(({ name }) => ({ part: { kind, name }, lanes: new Set<string>() }))
  const sources = new Map(
    [
      ...named('saga', board.sagas),
      ...named('policy', board.policies),
      ...named('reaction', board.reactions),
      ...named('subscription', board.subscriptions),
      ...named('projection', board.readModels),
    ].map((source) => [keyOf(source.part), source] as const),
  )
  for (const lane of board.lanes)
    for (const { name } of lane.events)
      for (const listener of listenersTo(board, name)) sources.get(keyOf(listener))?.lanes.add(linkOfLane(lane))
  return sources
}

/** From the lanes whose events a decision model folds to the lanes whose commands consult it. */
function factLines(board: Board, parts: Parts): readonly DiagramEdge[] {
  const lines = board.models.flatMap((model) => {
    const from = board.lanes.filter(({ events }) => events.some(({ name }) => model.on.includes(name)))
    const to = board.lanes.filter(({ commands }) => commands.some(({ consults }) => consults.includes(model.name)))
    return from.flatMap((one) => to.filter((other) => other !== one).map((other) => [one, other] as const))
  })
  return unique(
    lines.map(([from, to]) => ({
      ...parts.edge(linkOfLane(from), linkOfLane(to), 'solid'),
      label: 'facts',
      // Two lanes may ask each other.
      isBack: board.lanes.indexOf(from) > board.lanes.indexOf(to),
    })),
  )
}

function commandLines(board: Board, parts: Parts): readonly DiagramEdge[] {
  const laneOf = new Map(
    board.lanes.flatMap((lane) => lane.commands.map(({ name }) => [name, linkOfLane(lane)] as const)),
  )
  const sent = [
    ...board.sagas.flatMap((saga) => sendsOf(saga).map(({ command }) => [`saga ${saga.name}`, command] as const)),
    ...board.policies.flatMap(({ name, sends }) => sends.map((command) => [`policy ${name}`, command] as const)),
  ]
  return unique(
    sent.flatMap(([from, command]) => {
      const to = laneOf.get(command)
      // Where the lane also tells the process, the line leads back.
      return to === undefined ? [] : [{ ...parts.edge(from, to, 'dashed'), isBack: true }]
    }),
  )
}

function group(id: string, title: string, nodes: readonly DiagramNode[], role?: DiagramRole): readonly DiagramGroup[] {
  return nodes.length === 0 ? [] : [{ id, shape: 'group', title, nodes, ...(role && { role }) }]
}

/** The nodes of one diagram, with short ids. */
class Parts {
  readonly #ids = new Map<string, string>()

  lane(lane: BoardLane, folded: readonly Source[]): DiagramNode {
    const { commands, events } = lane
    const tables = folded.filter(({ part }) => part.kind === 'projection').length
    const others = folded.length - tables
    const counts = [
      counted(commands.length, 'command'),
      counted(events.length, 'event'),
      ...(tables > 0 ? [counted(tables, 'read table')] : []),
      ...(others > 0 ? [counted(others, 'reaction')] : []),
    ]
    return this.#node(linkOfLane(lane), [lane.name, ...counts], roleOfLane(lane), linkOfLane(lane))
  }

  command({ name, refuses, isInternal }: BoardLane['commands'][number]): DiagramNode {
    const refused = refuses.length === 0 ? [] : [`refuses ${refuses.join(', ')}`]
    const node = this.#node(`command ${name}`, [name, ...refused], 'command', `command/${name}`)
    return { ...node, line: isInternal ? 'dashed' : 'solid' }
  }

  event(name: string): DiagramNode {
    return this.#node(`event ${name}`, [name], 'event', `event/${name}`)
  }

  part({ kind, name }: BoardPart, prefix = ''): DiagramNode {
    return this.#node(
      `${prefix}${keyOf({ kind, name })}`,
      [name, partWords[kind]],
      partRoles[kind],
      `${partLinks[kind]}/${name}`,
    )
  }

  edge(from: string, to: string, line: DiagramEdge['line']): DiagramEdge {
    return { from: this.#ids.get(from)!, to: this.#ids.get(to)!, line, isBack: false }
  }

  #node(key: string, texts: readonly string[], role: DiagramRole, link: string): DiagramNode {
    const id = this.#ids.get(key) ?? `n${this.#ids.size + 1}`
    this.#ids.set(key, id)
    return { id, shape: shapes[role] ?? 'box', texts, line: 'solid', role, link }
  }
}

function keyOf({ kind, name }: BoardPart): string {
  return `${kind} ${name}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function unique<Item>(items: readonly Item[]): readonly Item[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}

export function roleOfLane({ kind }: BoardLane): DiagramRole {
  return kind === 'aggregate' || kind === 'facts' ? 'aggregate' : 'system'
}

const shapes: Partial<Record<DiagramRole, DiagramNode['shape']>> = {
  process: 'hexagon',
  readmodel: 'framed',
  facts: 'slanted',
}
const laneWords = {
  aggregate: 'Aggregate',
  facts: 'Commands on facts',
  system: 'Other system',
  service: 'Service',
} as const
const partWords = {
  'decision model': 'facts',
  projection: 'read table',
  saga: 'saga',
  policy: 'policy',
  reaction: 'reaction',
  subscription: 'subscription',
} as const
const partLinks = { ...partWords, 'decision model': 'facts', projection: 'table' } as const
const partRoles: Readonly<Record<BoardPart['kind'], DiagramRole>> = {
  'decision model': 'facts',
  projection: 'readmodel',
  saga: 'process',
  policy: 'process',
  reaction: 'system',
  subscription: 'system',
}
/** More boxes than that are no overview. */
const overviewNodesMax = 40
