// Where everything of a diagram stands: dagre ranks the nodes from top to bottom and finds a way for every line and label.
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
  readonly title: PlacedText
}

export interface PlacedEdge {
  readonly edge: DiagramEdge
  /** From outline to outline. */
  readonly points: readonly Point[]
  readonly label?: PlacedText
}

export function layoutOf({ nodes, edges }: Diagram): Layout {
  const graph = new Graph({ compound: true, multigraph: true })
    .setGraph({ rankdir: 'TB', nodesep: 36, edgesep: 24, ranksep: 2 * rankGap })
    .setDefaultNodeLabel(() => ({ width: 0, height: 0 }))
  const leaves = new Map<DiagramNode, { readonly text: TextBlock; readonly size: Size }>()
  const titles = new Map<DiagramGroup, TextBlock>()
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
  const byId = new Map(placed.map((each) => [each.node.id, each]))
  const placedLabels = edges.map((edge, index): PlacedText | undefined => {
    const text = labels[index]
    return text && { ...pick(edgeAt(edge, index)), width: text.width, height: text.height, text }
  })
  const ways = edges.map((edge, index): Way => {
    const [upper, lower] = endsOf(edge)
    const through = (edgeAt(edge, index).points ?? []).slice(1, -1)
    return { upper: byId.get(upper)!, lower: byId.get(lower)!, through, isMain: edge.line === 'solid' }
  })
  const routes = routed(ways, [...placed, ...placedLabels.flatMap((label) => label ?? [])])
  return {
    nodes: placed,
    groups: [...titles].map(([{ id }, text]) => placedGroup(graph.node(id) as Box, text)),
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
        const size = sizeAround(node.shape, text)
        leaves.set(node, { text, size })
        // The title stands above the first node, which keeps the group wide enough.
        const titleWidth = parent && index === 0 ? titles.get(parent)!.width : 0
        graph.setNode(node.id, { width: Math.max(size.width, titleWidth), height: size.height })
      }
      if (parent) graph.setParent(node.id, parent.id)
    }
  }

  /** What leads back is ranked the other way round: it goes up beside what it takes back. */
  function addEdge(edge: DiagramEdge, index: number): void {
    const text = labels[index]
    const size = text ? { width: text.width + 8, height: text.height, labelpos: 'c' as const } : { width: 0, height: 0 }
    graph.setEdge(...endsOf(edge), { ...size, minlen: 1, weight: edge.line === 'solid' ? 8 : 1 }, String(index))
  }

  function edgeAt(edge: DiagramEdge, index: number) {
    return graph.edge(...endsOf(edge), String(index))
  }

  function middleOf(id: string): Point {
    return pick(graph.node(id))
  }
}

function placedGroup({ x, y, width, height }: Box, text: TextBlock): PlacedGroup {
  const top = y - height / 2 - groupRise
  const box = { x, y: y - groupRise / 2, width, height: height + groupRise }
  const title = {
    x: x - width / 2 + 10 + text.width / 2,
    y: top + 4 + text.height / 2,
    width: text.width,
    height: text.height,
  }
  return { ...box, title: { ...title, text } }
}

function endsOf({ from, to, isBack }: DiagramEdge): readonly [upper: string, lower: string] {
  return isBack ? [to, from] : [from, to]
}

function pick({ x, y }: { readonly x?: number; readonly y?: number }): Point {
  return { x: x!, y: y! }
}

/** Between two ranks. A label has a rank of its own, and so has the frame of a group. */
const rankGap = 25
/** A frame begins so far above its rank: this and the gap are the space for the title. */
const groupRise = 4
