// Where everything of a diagram stands: dagre ranks the nodes from top to bottom and finds a way for every line and label. A diagram to
// the right is laid out downwards too, with the two axes exchanged before and after.
import { Graph, layout } from '@dagrejs/dagre'
import type { Diagram, DiagramEdge, DiagramGroup, DiagramNode } from 'indelible/schema'
import { fitText, fonts, type TextBlock } from './fit-text.ts'
import { routed, type Way } from './routes.ts'
import { type Box, outlineOf, type Point, type Size, sizeAround } from './shapes.ts'

export interface Layout {
  readonly nodes: readonly PlacedNode[]
  readonly groups: readonly PlacedGroup[]
  readonly edges: readonly PlacedEdge[]
}

export interface PlacedText extends Box {
  readonly text: TextBlock
}

export interface PlacedNode extends PlacedText {
  readonly node: DiagramNode
  readonly outline: readonly Point[]
}

export interface PlacedGroup extends Box {
  readonly group: DiagramGroup
  readonly title: PlacedText
}

export interface PlacedEdge {
  readonly edge: DiagramEdge
  /** From outline to outline. */
  readonly points: readonly Point[]
  readonly label?: PlacedText
}

export function layoutOf({ nodes, edges, direction = 'down' }: Diagram): Layout {
  const isRight = direction === 'right'
  const turned = isRight ? exchanged : same
  const gap = rankGap + (isRight ? Math.min(edges.length / 3, rankGap) : 0)
  const graph = new Graph({ compound: true, multigraph: true })
    .setGraph({ rankdir: 'TB', ...spacing[direction], ranksep: 2 * gap })
    .setDefaultNodeLabel(() => ({ width: 0, height: 0 }))
  const leaves = new Map<DiagramNode, { readonly text: TextBlock; readonly size: Size }>()
  const titles = new Map<DiagramGroup, TextBlock>()
  const widths = isRight ? widthsByRole(nodes) : new Map<string | undefined, number>()
  addNodes(nodes)
  const labels = edges.map(({ label }) =>
    label === undefined ? undefined : fitText(label.split(/(?<=,) /), fonts.label),
  )
  for (const [index, edge] of edges.entries()) addEdge(edge, index)
  layout(graph)

  const placed = [...leaves].map(([node, { text, size }]): PlacedNode => {
    const box = { ...middleOf(node.id), ...size }
    return { ...box, node, text, outline: outlineOf(node.shape, box) }
  })
  const placedLabels = edges.map((edge, index): PlacedText | undefined => {
    const text = labels[index]
    return text && { ...turned(pick(edgeAt(edge, index))), width: text.width, height: text.height, text }
  })
  const ends = new Map(placed.map((each) => [each.node.id, { ...turned(each), outline: each.outline.map(turned) }]))
  const ways = edges.map((edge, index): Way => {
    const [upper, lower] = endsOf(edge)
    const through = (edgeAt(edge, index).points ?? []).slice(1, -1)
    return { upper: ends.get(upper)!, lower: ends.get(lower)!, through, isMain: edge.line === 'solid' }
  })
  const standing = [...placed, ...placedLabels.flatMap((label) => label ?? [])]
  const routes = routed(ways, standing.map(turned)).map((points) => points.map(turned))
  return {
    nodes: placed,
    groups: [...titles].map(([group, text]) => {
      const box = turned(graph.node(group.id) as Box)
      return { group, ...(isRight ? titledInside(box, text) : titledAbove(box, text)) }
    }),
    edges: edges.map((edge, index) => {
      const points = edge.isBack ? routes[index]!.toReversed() : routes[index]!
      const label = placedLabels[index]
      return { edge, points, ...(label && { label }) }
    }),
  }

  function addNodes(nodes: Diagram['nodes'], parent?: DiagramGroup): void {
    for (const [index, node] of nodes.entries()) {
      if (node.shape === 'group') {
        titles.set(node, fitText([node.title], { ...fonts.node, cellsMax: Number.POSITIVE_INFINITY }))
        graph.setNode(node.id)
        addNodes(node.nodes, node)
      } else {
        const text = fitText(node.texts, fonts.node)
        const fitting = sizeAround(node.shape, text)
        const size = { ...fitting, width: Math.max(fitting.width, widths.get(node.role) ?? 0) }
        leaves.set(node, { text, size })
        // The title stands above the first node, which keeps the group wide enough.
        const titleWidth = parent && index === 0 ? titles.get(parent)!.width : 0
        graph.setNode(node.id, turned({ x: 0, y: 0, width: Math.max(size.width, titleWidth), height: size.height }))
      }
      if (parent) graph.setParent(node.id, parent.id)
    }
  }

  /** What leads back is ranked the other way round: it goes up beside what it takes back. */
  function addEdge(edge: DiagramEdge, index: number): void {
    const text = labels[index]
    const box = turned({ x: 0, y: 0, width: text ? text.width + 8 : 0, height: text?.height ?? 0 })
    const size = { width: box.width, height: box.height, ...(text && { labelpos: 'c' as const }) }
    graph.setEdge(...endsOf(edge), { ...size, minlen: 1, weight: edge.line === 'solid' ? 8 : 1 }, String(index))
  }

  function edgeAt(edge: DiagramEdge, index: number) {
    return graph.edge(...endsOf(edge), String(index))
  }

  function middleOf(id: string): Point {
    return turned(pick(graph.node(id)))
  }
}

/** Boxes of the same role stand in columns: they are equally wide. */
function widthsByRole(nodes: Diagram['nodes']): Map<string | undefined, number> {
  const widths = new Map<string | undefined, number>()
  for (const node of nodes)
    for (const [role, width] of node.shape === 'group'
      ? widthsByRole(node.nodes)
      : [[node.role, sizeAround(node.shape, fitText(node.texts, fonts.node)).width] as const])
      widths.set(role, Math.max(width, widths.get(role) ?? 0))
  return widths
}

function titledAbove({ x, y, width, height }: Box, text: TextBlock) {
  const top = y - height / 2 - groupRise
  return {
    ...{ x, y: y - groupRise / 2, width, height: height + groupRise },
    title: titleAt({ left: x - width / 2, top }, text),
  }
}

/** The first node leaves space for it: half the distance of two lines. */
function titledInside(box: Box, text: TextBlock) {
  return { ...box, title: titleAt({ left: box.x - box.width / 2, top: box.y - box.height / 2 }, text) }
}

function titleAt({ left, top }: { readonly left: number; readonly top: number }, text: TextBlock): PlacedText {
  const { width, height } = text
  return { x: left + 10 + width / 2, y: top + 4 + height / 2, width, height, text }
}

/** Right becomes down, and down becomes right. */
function exchanged<Place extends Point & Partial<Size>>(place: Place): Place {
  const { x, y, width, height } = place
  return { ...place, x: y, y: x, ...(width !== undefined && { width: height, height: width }) }
}

function same<Place>(place: Place): Place {
  return place
}

function endsOf({ from, to, isBack }: DiagramEdge): readonly [upper: string, lower: string] {
  return isBack ? [to, from] : [from, to]
}

function pick({ x, y }: { readonly x?: number; readonly y?: number }): Point {
  return { x: x!, y: y! }
}

/** Frames keep half the distance of two lines from what is inside and outside. To the right, that is where their titles stand. */
const spacing = { down: { nodesep: 36, edgesep: 24 }, right: { nodesep: 18, edgesep: 38 } } as const
/** Between two ranks. A label has a rank of its own, and so has the frame of a group. */
const rankGap = 25
/** A frame begins so far above its rank: this and the gap are the space for the title. */
const groupRise = 4
