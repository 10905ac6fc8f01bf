// The elements of the SVG. Every number has one decimal at most, every text is escaped.
import { type Font, fonts, type TextBlock, visible } from './fit-text.ts'
import type { PlacedEdge, PlacedGroup, PlacedNode } from './layout.ts'
import { type Box, type Point, strokesIn } from './shapes.ts'

export function groupElement({ group, title, ...box }: PlacedGroup): string {
  return `<g class="${classOf('group', group.role)}">${rectangle(box)}${textLines(title.text, title, fonts.node)}</g>`
}

/** The first of several texts is the name. */
export function nodeElement({ node, outline, text, ...box }: PlacedNode): string {
  const strokes = strokesIn(node.shape, box).map((ends) => `<polyline points="${pointsText(ends)}"/>`)
  const shape = `<polygon points="${pointsText(outline)}"/>${strokes.join('')}`
  const boldLines = node.texts.length > 1 ? text.firstLines : 0
  return `<g class="${classOf('node', node.line, node.role)}">${shape}${textLines(text, box, { ...fonts.node, boldLines })}</g>`
}

/** The same, as a link inside a page. */
export function linkedNodeElement(placed: PlacedNode): string {
  const { link, texts } = placed.node
  const element = nodeElement(placed)
  return link === undefined
    ? element
    : `<a href="${hrefOf(link)}" aria-label="${xmlText(texts.join(', '))}">${element}</a>`
}

/** The place inside a page that tells of it. */
export function hrefOf(link: string): string {
  return `#${addressOf(link)}`
}

/** A path as a part of an address that no page needs to escape. */
export function addressOf(path: string): string {
  const escaped = (part: string) =>
    encodeURIComponent(part.toWellFormed()).replace(
      /[!'()*]/g,
      (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  return path.split('/').map(escaped).join('/')
}

function classOf(...names: readonly (string | undefined)[]): string {
  return names.filter((name) => name !== undefined).join(' ')
}

/** The line ends where its arrow begins. Every way ends straight along the ranks. */
export function edgeElement({ edge, points }: PlacedEdge): string {
  const tip = points.at(-1)!
  const before = points.at(-2)!
  const base = toward(tip, before, arrowLength)
  const [acrossX, acrossY] = [
    ((base.y - tip.y) / arrowLength) * arrowHalf,
    ((tip.x - base.x) / arrowLength) * arrowHalf,
  ]
  const arrow = [tip, { x: base.x + acrossX, y: base.y + acrossY }, { x: base.x - acrossX, y: base.y - acrossY }]
  const line = curve([...points.slice(0, -1), base])
  return `<g class="edge ${edge.line}"><path d="${line}"/><polygon points="${pointsText(arrow)}"/></g>`
}

/** Straight along the ranks, and bent between two of them. A bend stays between its ends. */
function curve(points: readonly Point[]): string {
  const isDown = points[0]!.x === points[1]!.x
  const parts = points.slice(1).map((end, index) => {
    const start = points[index]!
    if (isDown ? start.x === end.x : start.y === end.y) return `L${pointText(end)}`
    const [middleX, middleY] = [(start.x + end.x) / 2, (start.y + end.y) / 2]
    return isDown
      ? `C${pointText({ x: start.x, y: middleY })} ${pointText({ x: end.x, y: middleY })} ${pointText(end)}`
      : `C${pointText({ x: middleX, y: start.y })} ${pointText({ x: middleX, y: end.y })} ${pointText(end)}`
  })
  return `M${pointText(points[0]!)}${parts.join('')}`
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
