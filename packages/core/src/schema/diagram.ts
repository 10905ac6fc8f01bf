// A diagram as data: what every drawing shows, whatever it is drawn with. Mermaid is one of the drawings.

export interface Diagram {
  readonly title: string
  /** Says what the lines mean. */
  readonly about: string
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
}

/** Nodes inside a common frame. */
export interface DiagramGroup {
  readonly id: string
  readonly shape: 'group'
  readonly title: string
  readonly nodes: readonly (DiagramNode | DiagramGroup)[]
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

export type DiagramLine = 'solid' | 'dashed'

/** The diagram as a Mermaid flowchart. */
export function mermaidOf({ nodes, edges }: Diagram): string {
  const lines = ['flowchart TB', ...linesOf(nodes, '  '), ...edges.map(edgeLine)]
  const isDashed = lines.some((line) => line.endsWith(dashedClass))
  return [...lines, ...(isDashed ? ['  classDef dashed stroke-dasharray: 5 5'] : []), ''].join('\n')
}

function linesOf(nodes: Diagram['nodes'], indent: string): readonly string[] {
  return nodes.flatMap((node) => {
    if (node.shape === 'group') {
      const first = `${indent}subgraph ${node.id}["${textOf([node.title])}"]`
      return [first, ...linesOf(node.nodes, `${indent}  `), `${indent}end`]
    }
    const [open, close] = brackets[node.shape]
    return `${indent}${node.id}${open}"${textOf(node.texts)}"${close}${node.line === 'dashed' ? dashedClass : ''}`
  })
}

function edgeLine({ from, to, label, line }: DiagramEdge): string {
  if (line === 'solid') return `  ${from} -->${label === undefined ? '' : `|"${textOf([label])}"|`} ${to}`
  return `  ${from} -.${label === undefined ? '' : ` "${textOf([label])}" .`}-> ${to}`
}

const dashedClass = ':::dashed'

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
