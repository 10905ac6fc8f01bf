// A saga as a diagram, made from descriptions alone. Success is solid; what takes back is dashed; what a person must mend is dotted.
import { type CommandName, titleOf } from './command-name.ts'
import type { NodeDescription, SagaDescription } from './describe-saga.ts'
import type { Diagram, DiagramEdge, DiagramNode, DiagramRole } from './diagram.ts'
import type { SystemDescription } from './system-description.ts'

/** The commands of the system say what may be refused. */
type Commands = Pick<SystemDescription, 'commands' | 'remotes' | 'activities'>

/** The flow of a saga as a diagram: `sagaDiagram(description.sagas[0], description)` with the description of `describeSystem`. */
export function sagaDiagram(saga: SagaDescription, { commands, remotes, activities }: Commands): Diagram {
  const drawing = new Drawing(saga, [...commands, ...activities, ...remotes.flatMap((each) => each.commands)])
  const about = `Solid lines lead to success. Dashed lines take back.${drawing.hasTrouble ? ' Dotted lines lead to what a person must mend.' : ''}`
  return { title: `Saga ${saga.name}`, about, ...drawing.drawn() }
}

/** Where a flow leaves a node, and what must have happened. */
interface Exit {
  readonly from: string
  readonly label?: string
}

interface TakeBack {
  readonly node: DiagramNode
  /** What is taken back after it. */
  readonly then: string
  /** Why it may be refused. Then a person must see to it. */
  readonly refusals: readonly string[]
}

class Drawing {
  readonly #nodes: Diagram['nodes'][number][] = []
  readonly #forward: DiagramEdge[] = []
  readonly #failures: DiagramEdge[] = []
  readonly #takeBacks: TakeBack[] = []
  readonly #refusals: (sends: CommandName) => readonly string[]
  /** Where the next node goes: into the diagram, or into the group that is drawn. */
  #into = this.#nodes
  #count = 0
  readonly #owner: string | null

  constructor(saga: SagaDescription, commands: Commands['commands']) {
    this.#owner = saga.owner
    this.#refusals = ({ category, type, remote }) => {
      const of = commands.find((each) => each.category === category && each.type === type && each.remote === remote)
      return of?.refuses.map(({ reason }) => reason) ?? []
    }
    const start = this.#node('rounded', [saga.startsOn.join(' or ') || 'another saga'], 'event')
    const compensated = 'compensated'
    const last = saga.onCompensated
      ? this.#takeBack([titleOf(saga.onCompensated), 'the last command'], compensated, [saga.onCompensated])
      : compensated
    const { exits, undo } = this.#flow(saga.flow, { entries: [{ from: start }], undo: last, isGrouped: false })
    if (saga.cancelsOn.length > 0)
      this.#fails(this.#node('flag', [saga.cancelsOn.join(' or '), 'at any time'], 'event'), undo, 'cancels')
    this.#nodes.push(ending('completed'))
    if (saga.onCompleted) {
      const end = this.#node('box', [titleOf(saga.onCompleted), 'the last command'], 'command')
      this.#enter(exits, end)
      this.#enter([{ from: end }], 'completed')
    } else this.#enter(exits, 'completed')
  }

  /** Whether something that takes back may be refused. */
  get hasTrouble(): boolean {
    return this.#reachedTakeBacks().some(({ refusals }) => refusals.length > 0)
  }

  drawn(): Pick<Diagram, 'nodes' | 'edges'> {
    const takeBacks = this.#reachedTakeBacks()
    const refused = takeBacks.filter(({ refusals }) => refusals.length > 0)
    const ends = this.#reached().has('compensated') ? [ending('compensated')] : []
    const back = takeBacks.map(({ node, then }) => ({ from: node.id, to: then, line: 'dashed', isBack: true }) as const)
    const troubles = refused.map(
      ({ node, refusals }) =>
        ({ from: node.id, to: 'trouble', label: refusals.join(', '), line: 'dotted', isBack: false }) as const,
    )
    return {
      nodes: [
        ...this.#nodes,
        ...takeBacks.map(({ node }) => node),
        ...ends,
        ...(this.hasTrouble ? [trouble(this.#owner)] : []),
      ],
      edges: [...this.#forward, ...this.#failures, ...back, ...troubles],
    }
  }

  #reachedTakeBacks(): readonly TakeBack[] {
    const reached = this.#reached()
    return this.#takeBacks.filter(({ node }) => reached.has(node.id))
  }

  /** `isGrouped`: what is done here is taken back together, by the drawing of the node around it. */
  #flow(
    nodes: readonly NodeDescription[],
    { entries, undo: before, isGrouped }: { entries: readonly Exit[]; undo: string; isGrouped: boolean },
  ): { readonly exits: readonly Exit[]; readonly undo: string } {
    let exits = entries
    let undo = before
    for (const node of nodes) {
      if (isGroup(node)) {
        if (!isGrouped) undo = this.#groupTakeBack(node, undo)
        exits = this.#group(node, exits, undo)
        continue
      }
      const id = this.#leaf(node)
      this.#enter(exits, id)
      const failure = this.#failureOf(node)
      if (failure) this.#fails(id, undo, failure)
      if (!isGrouped && 'compensatesWith' in node && typeof node.compensatesWith === 'object' && node.compensatesWith)
        undo = this.#takeBack([`take back ${node.name}`, titleOf(node.compensatesWith)], undo, [node.compensatesWith])
      exits = exitsOf(node, id)
    }
    return { exits, undo }
  }

  #leaf(node: Leaf): string {
    const { name } = node
    switch (node.kind) {
      case 'step':
        return this.#node(
          'box',
          [name, titleOf(node.sends), ...(node.timeout ? [`within ${node.timeout}`] : [])],
          'command',
        )
      case 'await':
        return this.#node('slanted', [name, `wait for ${node.event}`, limitOf(node)], 'event')
      case 'ask':
        return this.#node('slanted', [name, 'ask a person', limitOf(node)], 'person')
      case 'sleep':
        return this.#node('rounded', [name, node.for === null ? 'sleep until a time' : `sleep for ${node.for}`])
      case 'child':
        return this.#node('framed', [name, `saga ${node.saga}`], 'process')
    }
  }

  #group(node: Group, entries: readonly Exit[], undo: string): readonly Exit[] {
    const outer = this.#into
    const nodes: typeof outer = []
    outer.push({ id: `g${++this.#count}`, shape: 'group', title: node.name, nodes })
    this.#into = nodes
    const within = { undo, isGrouped: true }
    let exits: readonly Exit[]
    if (node.kind === 'each') {
      const first = this.#node('hexagon', [`for each item, at most ${node.atOnce} at once`])
      this.#enter(entries, first)
      exits = this.#flow(node.flow, { ...within, entries: [{ from: first }] }).exits
    } else {
      const isChoice = node.kind === 'choose'
      const first = isChoice ? this.#node('diamond', ['which one?']) : this.#node('hexagon', ['all at the same time'])
      this.#enter(entries, first)
      exits = Object.entries(node.branches).flatMap(
        ([name, flow]) => this.#flow(flow, { ...within, entries: [{ from: first, label: name }] }).exits,
      )
    }
    if (node.kind !== 'choose') {
      const last = this.#node('hexagon', ['all done'])
      this.#enter(exits, last)
      exits = [{ from: last }]
    }
    this.#into = outer
    return exits
  }

  #groupTakeBack(node: Group, then: string): string {
    const found = compensationsIn([node], '')
    if (found.length === 0) return then
    const texts = found.map(({ place, command }) => `${place}: ${titleOf(command)}`)
    const commands = found.map(({ command }) => command)
    return this.#takeBack([`take back what ${node.name} did, newest first`, ...texts], then, commands)
  }

  /** How a node may make the saga compensate. */
  #failureOf(node: Leaf): string | undefined {
    if (node.kind === 'step') {
      const refused = this.#refusals(node.sends).filter((reason) => !node.continueOn.includes(reason))
      return [...refused, ...(node.timeout ? [`after ${node.timeout}`] : [])].join(', ') || undefined
    }
    if (node.kind === 'child') return 'it compensates'
    if (node.kind === 'sleep' || node.within === 'forever' || node.otherwise === 'continue') return undefined
    return `after ${node.within}`
  }

  #node(shape: DiagramNode['shape'], texts: readonly string[], role?: DiagramRole): string {
    const id = `n${++this.#count}`
    this.#into.push({ id, shape, texts, line: 'solid', ...(role && { role }) })
    return id
  }

  #takeBack(texts: readonly string[], then: string, commands: readonly CommandName[]): string {
    const id = `n${++this.#count}`
    const refusals = [...new Set(commands.flatMap(this.#refusals))]
    this.#takeBacks.push({ node: { id, shape: 'box', texts, line: 'dashed', role: 'takeback' }, then, refusals })
    return id
  }

  #enter(exits: readonly Exit[], to: string): void {
    this.#forward.push(...exits.map((exit) => ({ ...exit, to, line: 'solid', isBack: false }) as const))
  }

  #fails(from: string, to: string, label: string): void {
    this.#failures.push({ from, to, label, line: 'dashed', isBack: false })
  }

  /** What some failure leads to. */
  #reached(): ReadonlySet<string> {
    const reached = new Set<string>()
    const visit = (id: string) => {
      reached.add(id)
      const next = this.#takeBacks.find(({ node }) => node.id === id)
      if (next) visit(next.then)
    }
    for (const { to } of this.#failures) visit(to)
    return reached
  }
}

function ending(name: 'completed' | 'compensated'): DiagramNode {
  return {
    id: name,
    shape: 'rounded',
    texts: [name],
    line: 'solid',
    role: name === 'completed' ? 'success' : 'takeback',
  }
}

/** The saga waits there until somebody resumes it. */
function trouble(owner: string | null): DiagramNode {
  const texts = ['compensation failed', owner === null ? 'a person must see to it' : `${owner} must see to it`]
  return { id: 'trouble', shape: 'hexagon', texts, line: 'dotted', role: 'trouble' }
}

type Group = Extract<NodeDescription, { kind: 'each' | 'parallel' | 'choose' }>
type Leaf = Exclude<NodeDescription, Group>

function isGroup(node: NodeDescription): node is Group {
  return node.kind === 'each' || node.kind === 'parallel' || node.kind === 'choose'
}

function exitsOf(node: Leaf, from: string): readonly Exit[] {
  if (node.kind === 'step' && node.continueOn.length > 0)
    return [{ from, label: `done, or ${node.continueOn.join(', ')}` }]
  const isPatient = (node.kind === 'await' || node.kind === 'ask') && node.within !== 'forever'
  if (isPatient && node.otherwise === 'continue')
    return [
      { from, label: node.kind === 'await' ? node.event : 'decided' },
      { from, label: `after ${node.within}` },
    ]
  return [{ from }]
}

function limitOf({ within }: { readonly within: string }): string {
  return within === 'forever' ? 'without a limit' : `within ${within}`
}

interface Compensation {
  readonly place: string
  readonly command: CommandName
}

function compensationsIn(nodes: readonly NodeDescription[], prefix: string): readonly Compensation[] {
  return nodes.flatMap((node) => {
    const place = prefix + node.name
    if (node.kind === 'each') return compensationsIn(node.flow, `${place}/`)
    if (node.kind === 'parallel' || node.kind === 'choose')
      return Object.entries(node.branches).flatMap(([branch, flow]) => compensationsIn(flow, `${place}/${branch}/`))
    if (!('compensatesWith' in node) || typeof node.compensatesWith !== 'object' || !node.compensatesWith) return []
    return [{ place, command: node.compensatesWith }]
  })
}
