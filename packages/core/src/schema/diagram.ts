// A diagram as data: what every drawing shows, whatever it is drawn with. Mermaid is one of the drawings.

export interface Diagram {
  readonly title: string
  /** Says what the lines mean. */
  readonly about: string
  /** Where the edges lead: to the bottom when left out. */
  readonly direction?: 'down' | 'right'
  readonly nodes: readonly (DiagramNode | DiagramGroup)[]
  readonly edges: readonly DiagramEdge[]
}

export interface DiagramNode {
  /** Letters and digits, unique in the diagram, also among groups. */
  readonly id: string
  readonly shape: 'box' | 'diamond' | 'flag' | 'framed' | 'hexagon' | 'rounded' | 'slanted'
  /** From top to bottom. */
  readonly texts: readonly string[]
  readonly line: DiagramLine
  /** What it stands for. A drawing colours it as the notes of Event Storming are. */
  readonly role?: DiagramRole
  /** What it is about, as in `event/FundsWithdrawn`. */
  readonly link?: string
}

export type DiagramRole =
  | 'aggregate'
  | 'command'
  | 'event'
  | 'facts'
  | 'hotspot'
  | 'person'
  | 'process'
  | 'readmodel'
  | 'success'
  | 'system'
  | 'takeback'
  | 'trouble'

/** Nodes inside a common frame. */
export interface DiagramGroup {
  readonly id: string
  readonly shape: 'group'
  readonly title: string
  readonly nodes: readonly (DiagramNode | DiagramGroup)[]
  readonly role?: DiagramRole
}

export interface DiagramEdge {
  /** The id of a node, as is `to`. */
  readonly from: string
  readonly to: string
  readonly label?: string
  readonly line: DiagramLine
  /** True where it leads back, against the direction of the other edges. */
  readonly isBack: boolean
}

export type DiagramLine = 'solid' | 'dashed' | 'dotted'

/** The diagram as a Mermaid flowchart. */
export function mermaidOf({ nodes, edges, direction = 'down' }: Diagram): string {
  const lines = [
    `flowchart ${direction === 'down' ? 'TB' : 'LR'}`,
    ...linesOf(nodes, '  '),
    ...edges.map(edgeLine),
    ...classLines(leavesIn(nodes)),
  ]
  return [...lines, ''].join('\n')
}

function linesOf(nodes: Diagram['nodes'], indent: string): readonly string[] {
  return nodes.flatMap((node) => {
    if (node.shape === 'group') {
      const first = `${indent}subgraph ${node.id}["${textOf([node.title])}"]`
      return [first, ...linesOf(node.nodes, `${indent}  `), `${indent}end`]
    }
    const [open, close] = brackets[node.shape]
    return `${indent}${node.id}${open}"${textOf(node.texts)}"${close}`
  })
}

function edgeLine({ from, to, label, line }: DiagramEdge): string {
  if (line === 'solid') return `  ${from} -->${label === undefined ? '' : `|"${textOf([label])}"|`} ${to}`
  return `  ${from} -.${label === undefined ? '' : ` "${textOf([label])}" .`}-> ${to}`
}

/** Which nodes are drawn as what, for what there is. */
function classLines(nodes: readonly DiagramNode[]): readonly string[] {
  const byLine = Map.groupBy(nodes, ({ line }) => line)
  const byRole = Map.groupBy(nodes, ({ role }) => role)
  const lines = Object.entries(lineStyles).map(
    ([line, style]) => [line, style, byLine.get(line as DiagramLine)] as const,
  )
  const roles = Object.entries(roleStyles).map(
    ([role, style]) => [role, style, byRole.get(role as DiagramRole)] as const,
  )
  return [...roles, ...lines].flatMap(([name, style, of]) =>
    of ? [`  classDef ${name} ${style}`, `  class ${of.map(({ id }) => id).join(',')} ${name}`] : [],
  )
}

function leavesIn(nodes: Diagram['nodes']): readonly DiagramNode[] {
  return nodes.flatMap((node) => (node.shape === 'group' ? leavesIn(node.nodes) : [node]))
}

const lineStyles = { dashed: 'stroke-dasharray:5 5', dotted: 'stroke-dasharray:2 4' } as const
const yellow = 'fill:#fff3bf,stroke:#8a6a00,color:#1f2328'
const green = 'fill:#d5f5de,stroke:#15803d,color:#1f2328'
const red = 'fill:#ffd9d9,stroke:#b91c1c,color:#1f2328'
/** The colours of the notes of Event Storming. */
const roleStyles: Readonly<Record<DiagramRole, string>> = {
  aggregate: yellow,
  command: 'fill:#dbeafe,stroke:#1d4ed8,color:#1f2328',
  event: 'fill:#ffe3c7,stroke:#b8500a,color:#1f2328',
  facts: 'fill:#f1eedb,stroke:#6b6323,color:#1f2328',
  hotspot: red,
  person: yellow,
  process: 'fill:#ebdfff,stroke:#6d28d9,color:#1f2328',
  readmodel: green,
  success: green,
  system: 'fill:#ffdfea,stroke:#be185d,color:#1f2328',
  takeback: 'fill:#fff1e8,stroke:#a5370f,color:#1f2328',
  trouble: red,
}

const brackets = {
  box: ['[', ']'],
  diamond: ['{', '}'],
  flag: ['>', ']'],
  framed: ['[[', ']]'],
  hexagon: ['{{', '}}'],
  rounded: ['([', '])'],
  slanted: ['[/', '/]'],
} as const

/** Mermaid reads its entities in place of characters that have a meaning there. */
function textOf(texts: readonly string[]): string {
  return texts.map((text) => text.replace(/["#&<>]/g, (each) => `#${each.charCodeAt(0)};`)).join('<br/>')
}
