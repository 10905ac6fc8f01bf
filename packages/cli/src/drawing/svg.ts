// A diagram as one SVG: no font, script or address outside it, light and dark, and the same bytes for the same diagram.
import type { Diagram } from 'indelible/schema'
import {
  edgeElement,
  groupElement,
  linkedNodeElement,
  nodeElement,
  number,
  rectangle,
  textLines,
  xmlText,
} from './elements.ts'
import { type Font, fitText, fonts, type TextBlock } from './fit-text.ts'
import { type Layout, layoutOf } from './layout.ts'
import { sentences } from './sentences.ts'
import type { Box } from './shapes.ts'
import { style } from './style.ts'

/** `inPage`: inside a page that has the styles. Its nodes are links then, to what they stand for. */
export function svgOf(diagram: Diagram, { inPage = false }: { readonly inPage?: boolean } = {}): string {
  const layout = layoutOf(diagram)
  const title = fitText([diagram.title], fonts.heading)
  const about = fitText([diagram.about], { ...fonts.label, cellsMax: fonts.heading.cellsMax })
  const drawn = boundsOf(layout)
  const headingHeight = title.height + about.height + 2 * margin
  const left = drawn.left - margin
  const top = drawn.top - headingHeight
  const width = Math.max(drawn.right - drawn.left, title.width, about.width) + 2 * margin
  const height = drawn.bottom - top + margin
  const heading = (text: TextBlock, font: Font, offset: number) =>
    textLines(text, { x: drawn.left, y: top + offset + text.height / 2 }, { ...font, anchor: 'start' })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="indelible-diagram" role="${inPage ? 'group' : 'img'}" viewBox="${[left, top, width, height].map(number).join(' ')}" width="${number(width)}" height="${number(height)}">`,
    `<title>${xmlText(diagram.title)}</title>`,
    `<desc>${xmlText([diagram.about, ...sentences(diagram)].join('\n'))}</desc>`,
    ...(inPage ? [] : [`<style>${style}</style>`]),
    `<g class="ground">${rectangle({ x: left + width / 2, y: top + height / 2, width, height })}</g>`,
    `<g class="heading">${heading(title, fonts.heading, margin)}</g>`,
    `<g class="label">${heading(about, fonts.label, margin + title.height)}</g>`,
    ...layout.groups.map(groupElement),
    ...layout.edges.map(edgeElement),
    ...layout.nodes.map(inPage ? linkedNodeElement : nodeElement),
    ...layout.edges.flatMap(({ label }) =>
      label ? [`<g class="label">${textLines(label.text, label, fonts.label)}</g>`] : [],
    ),
    '</svg>',
    '',
  ].join('\n')
}

function boundsOf({ nodes, groups, edges }: Layout) {
  const boxes: readonly Box[] = [...nodes, ...groups, ...edges.flatMap(({ label }) => label ?? [])]
  // A diagram may be empty.
  const points = boxes.length > 0 ? edges.flatMap((edge) => edge.points) : [{ x: 0, y: 0 }]
  const xs = [...boxes.flatMap(({ x, width }) => [x - width / 2, x + width / 2]), ...points.map(({ x }) => x)]
  const ys = [...boxes.flatMap(({ y, height }) => [y - height / 2, y + height / 2]), ...points.map(({ y }) => y)]
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) }
}

const margin = 20
