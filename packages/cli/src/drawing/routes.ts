// The way of each line: straight down through the ranks, and slanted only between two ranks, where nothing stands. So no line touches a box or a label.
import { type Box, crossing, type Point } from './shapes.ts'

export interface Way {
  readonly upper: End
  readonly lower: End
  /** Where it passes the ranks between, from top to bottom. */
  readonly through: readonly Point[]
  /** The main way keeps to the middle of its ends. */
  readonly isMain: boolean
}

interface End extends Box {
  readonly outline: readonly Point[]
}

/** The points of each way, from its upper to its lower end. `standing`: all boxes; those in the middle of a rank make its height. */
export function routed(ways: readonly Way[], standing: readonly Box[]): readonly (readonly Point[])[] {
  const heights = new Map<number, number>()
  for (const { y, height } of standing) heights.set(y, Math.max(heights.get(y) ?? 0, height))
  const half = (y: number) => (heights.get(y) ?? 0) / 2
  const starts = ports(
    ways,
    ({ upper }) => upper,
    (way) => way.through[0] ?? way.lower,
  )
  const ends = ports(
    ways,
    ({ lower }) => lower,
    (way) => way.through.at(-1) ?? way.upper,
  )
  return ways.map((way) => {
    const { upper, lower, through } = way
    const [start, end] = [starts.get(way)!, ends.get(way)!]
    return withoutRepeats([
      { x: start, y: crossing(upper.outline, start, 'bottom') },
      { x: start, y: upper.y + half(upper.y) + lead },
      // Where nothing stands in a rank, the line need not be straight.
      ...through
        .filter(({ y }) => half(y) > 0)
        .flatMap(({ x, y }) => [
          { x, y: y - half(y) },
          { x, y: y + half(y) },
        ]),
      { x: end, y: lower.y - half(lower.y) - lead },
      { x: end, y: crossing(lower.outline, end, 'top') },
    ])
  })
}

/** Where on its box each way begins or ends: side by side, in the order of where they go. */
function ports(ways: readonly Way[], endOf: (way: Way) => End, nextOf: (way: Way) => Point): Map<Way, number> {
  const ports = new Map<Way, number>()
  for (const [end, group] of Map.groupBy(ways, endOf)) {
    const sorted = group.toSorted((one, other) => nextOf(one).x - nextOf(other).x)
    const mains = sorted.filter(({ isMain }) => isMain)
    const middle = mains.length === 1 ? sorted.indexOf(mains[0]!) : (sorted.length - 1) / 2
    const farthest = Math.max(middle, sorted.length - 1 - middle, 1)
    const apart = Math.min(portsApart, (end.width * portsShare) / 2 / farthest)
    for (const [index, way] of sorted.entries()) ports.set(way, end.x + (index - middle) * apart)
  }
  return ports
}

function withoutRepeats(points: readonly Point[]): readonly Point[] {
  return points.filter(({ x, y }, index) => {
    const before = points[index - 1]
    return !before || Math.hypot(x - before.x, y - before.y) > 0.1
  })
}

/** So far a line is straight before its arrow. */
const lead = 11
const portsApart = 36
/** Of the width of a box: corners stay free. */
const portsShare = 0.7
