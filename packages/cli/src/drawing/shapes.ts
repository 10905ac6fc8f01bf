// The outlines of nodes: how large a shape is around its text, where its corners are, and where a line from above or below meets it.
import type { DiagramNode } from 'indelible/schema'
import type { TextBlock } from './fit-text.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

/** `x` and `y` are the middle. */
export interface Box extends Point, Size {}

type Shape = DiagramNode['shape']

export function sizeAround(shape: Shape, { width, height }: TextBlock): Size {
  const inner = { width: width + 2 * paddingX, height: height + 2 * paddingY }
  switch (shape) {
    case 'diamond':
      // The text just fits where the two proportions add up to one: 2/3 of the width, 1/3 of the height.
      return { width: width * 1.5 + paddingX, height: height * 3 + paddingY }
    case 'rounded':
      return { width: width + 2 * Math.max(paddingX, inner.height / 3), height: inner.height }
    case 'box':
      return inner
    default:
      return { width: inner.width + 2 * slant, height: inner.height }
  }
}

/** The corners, in the order of the clock. */
export function outlineOf(shape: Shape, box: Box): readonly Point[] {
  const left = box.x - box.width / 2
  const right = box.x + box.width / 2
  const top = box.y - box.height / 2
  const bottom = box.y + box.height / 2
  const corners = (...points: readonly (readonly [x: number, y: number])[]) => points.map(([x, y]) => ({ x, y }))
  switch (shape) {
    case 'box':
    case 'framed':
      return corners([left, top], [right, top], [right, bottom], [left, bottom])
    case 'slanted':
      return corners([left + slant, top], [right, top], [right - slant, bottom], [left, bottom])
    case 'flag':
      return corners([left, top], [right, top], [right, bottom], [left, bottom], [left + slant, box.y])
    case 'hexagon':
      return corners(
        [left + slant, top],
        [right - slant, top],
        [right, box.y],
        [right - slant, bottom],
        [left + slant, bottom],
        [left, box.y],
      )
    case 'diamond':
      return corners([box.x, top], [right, box.y], [box.x, bottom], [left, box.y])
    case 'rounded': {
      const radius = Math.min(box.width, box.height) / 2
      return [
        ...arc({ x: right - radius, y: box.y }, radius, -0.5),
        ...arc({ x: left + radius, y: box.y }, radius, 0.5),
      ]
    }
  }
}

/** The vertical strokes inside a frame. */
export function strokesIn(shape: Shape, { x, y, width, height }: Box): readonly (readonly [Point, Point])[] {
  if (shape !== 'framed') return []
  return [x - width / 2 + slant / 2, x + width / 2 - slant / 2].map(
    (at) =>
      [
        { x: at, y: y - height / 2 },
        { x: at, y: y + height / 2 },
      ] as const,
  )
}

/** Where the vertical line at `x` meets the outline, at its top or its bottom. */
export function crossing(outline: readonly Point[], x: number, side: 'top' | 'bottom'): number {
  const ys = outline.flatMap((start, index) => {
    const end = outline[(index + 1) % outline.length]!
    if (start.x === end.x || x < Math.min(start.x, end.x) || x > Math.max(start.x, end.x)) return []
    return [start.y + ((x - start.x) / (end.x - start.x)) * (end.y - start.y)]
  })
  return side === 'top' ? Math.min(...ys) : Math.max(...ys)
}

/** Half a circle, from `turn` times π on. */
function arc({ x, y }: Point, radius: number, turn: number): readonly Point[] {
  return Array.from({ length: arcPoints }, (_, index) => {
    const angle = Math.PI * (turn + index / (arcPoints - 1))
    return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle) }
  })
}

const arcPoints = 13
const paddingX = 14
const paddingY = 9
const slant = 14
