// Reads an SVG of ours back: strict about its XML, and with the boxes that everything takes up.
import stringWidth from 'string-width'

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Element[]
  text: string
}

export interface Rectangle {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly what: string
}

/** Throws if the text is not well-formed. It knows what our drawings may use: elements, attributes, text and numeric entities. */
export function parseXml(xml: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' }
  const open = [root]
  for (const [token, , closing, name, attributes, empty, text] of xml.matchAll(
    /(<(\/?)([a-z]+)((?: [A-Za-z:-]+="[^"<]*")*)(\/?)>)|([^<]+)|./gs,
  )) {
    if (text !== undefined) open.at(-1)!.text += decoded(text)
    else if (name === undefined) throw new Error(`Not XML: ${token}`)
    else if (closing) {
      if (open.pop()!.name !== name) throw new Error(`</${name}> closes nothing`)
    } else {
      const pairs = [...attributes!.matchAll(/([A-Za-z:-]+)="([^"]*)"/g)].map((each) => [each[1], decoded(each[2]!)])
      const element: Element = { name, attributes: Object.fromEntries(pairs), children: [], text: '' }
      open.at(-1)!.children.push(element)
      if (!empty) open.push(element)
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw new Error('An element is not closed')
  return root.children[0]!
}

function decoded(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no place for them
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) || !text.isWellFormed())
    throw new Error('A character is not XML')
  return text.replace(/&(#(\d+);)?/g, (_, entity, code) => {
    if (!entity) throw new Error(`& begins no entity: ${text}`)
    return String.fromCodePoint(Number(code))
  })
}

export function partsOf(svg: Element) {
  const groups = (kind: string) => svg.children.filter(({ attributes }) => attributes.class?.split(' ')[0] === kind)
  const [x, y, width, height] = svg.attributes.viewBox!.split(' ').map(Number) as [number, number, number, number]
  const textsIn = ({ children }: Element) => children.filter(({ name }) => name === 'text').map(textRectangle)
  return {
    view: { left: x, right: x + width, top: y, bottom: y + height, what: 'the picture' },
    nodes: groups('node').map((node) => {
      const texts = textsIn(node)
      const outline = numbers(node.children[0]!.attributes.points!)
      return { ...around(outline, texts.map(({ what }) => what).join(' ')), texts, outline }
    }),
    frames: groups('group').map((group) => {
      const { x, y, width, height } = group.children[0]!.attributes
      const [title] = textsIn(group)
      const [left, top] = [Number(x), Number(y)]
      return {
        left,
        top,
        right: left + Number(width),
        bottom: top + Number(height),
        what: `group ${title!.what}`,
        title: title!,
      }
    }),
    /** The first is the line under the title. */
    labels: groups('label').map((label) =>
      around(textsIn(label).flatMap(cornersOf), label.children.map(({ text }) => text).join(' ')),
    ),
    edges: groups('edge').map((edge) => ({
      isDashed: edge.attributes.class!.includes('dashed'),
      points: numbers(edge.children[0]!.attributes.d!),
    })),
  }
}

export type Pair = readonly [x: number, y: number]

function numbers(text: string): readonly Pair[] {
  return [...text.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const)
}

function textRectangle({ attributes, text }: Element): Rectangle {
  const size = Number(attributes['font-size'])
  const width = stringWidth(text) * size * 0.602
  const [x, y] = [Number(attributes.x), Number(attributes.y)]
  const left = attributes['text-anchor'] === 'start' ? x : x - width / 2
  return { left, right: left + width, top: y - size * 0.8, bottom: y + size * 0.25, what: text }
}

function cornersOf({ left, right, top, bottom }: Rectangle): readonly Pair[] {
  return [
    [left, top],
    [right, bottom],
  ]
}

function around(points: readonly Pair[], what: string): Rectangle {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys), what }
}

/** The boxes that a line goes through. */
export function crossedBoxes({ nodes, edges }: Pick<ReturnType<typeof partsOf>, 'nodes' | 'edges'>): readonly string[] {
  return edges.flatMap(({ points }) => {
    // The first point lies on an outline.
    const way = points
      .slice(1)
      .flatMap((point, index) => between(points[index]!, point))
      .slice(1)
    return nodes.filter(({ outline }) => way.some((point) => isWithin(point, outline))).map(({ what }) => what)
  })
}

export function overlap(one: Rectangle, other: Rectangle): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

export function isInside(one: Rectangle, other: Rectangle): boolean {
  const { left, right, top, bottom } = one
  return left >= other.left && right <= other.right && top >= other.top && bottom <= other.bottom
}

function between([x, y]: Pair, [toX, toY]: Pair): readonly Pair[] {
  return Array.from({ length: 10 }, (_, index) => [x + ((toX - x) * index) / 10, y + ((toY - y) * index) / 10] as const)
}

/** An odd number of sides lies to the right of it. */
function isWithin([x, y]: Pair, outline: readonly Pair[]): boolean {
  const sides = outline.filter(([fromX, fromY], index) => {
    const [toX, toY] = outline[(index + 1) % outline.length]!
    return fromY > y !== toY > y && x < fromX + ((toX - fromX) * (y - fromY)) / (toY - fromY)
  })
  return sides.length % 2 === 1
}
