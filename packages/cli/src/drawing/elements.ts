// The elements of the SVG. Every number has one decimal at most, every text is escaped.
import { type Font, fonts, type TextBlock, visible } from './fit-text.ts'
import type { PlacedEdge, PlacedGroup, PlacedNode } from './layout.ts'
import { type Box, type Point, strokesIn } from './shapes.ts'

export function groupElement({ title, ...box }: PlacedGroup): string {
  return `<g class="group">${rectangle(box)}${textLines(title.text, title, fonts.node)}</g>`
}

/** The first of several texts is the name. */
export function nodeElement({ node, outline, text, ...box }: PlacedNode): string {
  const strokes = strokesIn(node.shape, box).map((ends) => `<polyline points="${pointsText(ends)}"/>`)
  const shape = `<polygon points="${pointsText(outline)}"/>${strokes.join('')}`
  const boldLines = node.texts.length > 1 ? text.firstLines : 0
  return `<g class="node ${node.line}">${shape}${textLines(text, box, { ...fonts.node, boldLines })}</g>`
}

/** The line ends where its arrow begins. Every way ends straight down or up. */
export function edgeElement({ edge, points }: PlacedEdge): string {
  const tip = points.at(-1)!
  const base = tip.y + (points.at(-2)!.y < tip.y ? -arrowLength : arrowLength)
  const arrow = [tip, { x: tip.x - arrowHalf, y: base }, { x: tip.x + arrowHalf, y: base }]
  const line = roundedPath([...points.slice(0, -1), { x: tip.x, y: base }])
  return `<g class="edge ${edge.line}"><path d="${line}"/><polygon points="${pointsText(arrow)}"/></g>`
}

function roundedPath(points: readonly Point[]): string {
  const corners = points.slice(1, -1).map((corner, index) => {
    const [before, after] = [points[index]!, points[index + 2]!]
    const radius = Math.min(cornerRadius, distance(before, corner) / 2, distance(corner, after) / 2)
    return `L${pointText(toward(corner, before, radius))}Q${pointText(corner)} ${pointText(toward(corner, after, radius))}`
  })
  return `M${pointText(points[0]!)}${corners.join('')}L${pointText(points.at(-1)!)}`
}

interface TextStyle extends Font {
  /** The first so many are bold. */
  readonly boldLines?: number
  readonly anchor?: 'start' | 'middle'
}

export function textLines({ lines, height }: TextBlock, { x, y }: Point, style: TextStyle): string {
  const { size, lineHeight, boldLines = 0, anchor = 'middle' } = style
  return lines
    .map((line, index) => {
      const baseline = y - height / 2 + (index + 0.5) * lineHeight + size * 0.35
      const place = `x="${number(x)}" y="${number(baseline)}" text-anchor="${anchor}" font-size="${size}"`
      return `<text ${place}${index < boldLines ? ' font-weight="600"' : ''}>${xmlText(line)}</text>`
    })
    .join('')
}

export function rectangle({ x, y, width, height }: Box): string {
  return `<rect x="${number(x - width / 2)}" y="${number(y - height / 2)}" width="${number(width)}" height="${number(height)}"/>`
}

export function xmlText(text: string): string {
  return visible(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

export function number(value: number): string {
  // The sum turns -0 into 0.
  return String(Math.round(value * 10) / 10 + 0)
}

function pointText({ x, y }: Point): string {
  return `${number(x)},${number(y)}`
}

function pointsText(points: readonly Point[]): string {
  return points.map(pointText).join(' ')
}

/** The point on the way from one to the other, so far from the first. */
function toward(from: Point, to: Point, far: number): Point {
  const share = far / distance(from, to)
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

/** Never zero: it divides. */
function distance(one: Point, other: Point): number {
  return Math.max(Math.hypot(one.x - other.x, one.y - other.y), 0.001)
}

const arrowLength = 9
const arrowHalf = 4
const cornerRadius = 14
