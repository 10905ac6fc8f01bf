// The Event Storming board as one SVG.
import type { Board, TimelineLane } from 'indelible/schema'
import { boardLayoutOf, margin, type PlacedNote } from './board-layout.ts'
import { hrefOf, number, rectangle, textLines, xmlText } from './elements.ts'
import { fitText, fonts } from './fit-text.ts'
import { style } from './style.ts'

/** `inPage`: inside a page that has the styles. Its notes are links then, to what they stand for. */
export function boardSvgOf(board: Board, { inPage = false }: { readonly inPage?: boolean } = {}): string {
  const name = `${board.name}: Event Storming board`
  const title = fitText([name], fonts.heading)
  const { width: needed, height, frames, notes, timeline } = boardLayoutOf(board, 2 * margin + title.height)
  const width = Math.max(needed, title.width + 2 * margin)
  const heading = textLines(title, { x: margin, y: margin + title.height / 2 }, { ...fonts.heading, anchor: 'start' })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="indelible-diagram" role="${inPage ? 'group' : 'img'}" viewBox="0 0 ${number(width)} ${number(height)}" width="${number(width)}" height="${number(height)}">`,
    `<title>${xmlText(name)}</title>`,
    `<desc>${xmlText(timeline.lanes.flatMap(sentencesOf).join('\n'))}</desc>`,
    ...(inPage ? [] : [`<style>${style}</style>`]),
    `<g class="ground">${rectangle({ x: width / 2, y: height / 2, width, height })}</g>`,
    `<g class="heading">${heading}</g>`,
    ...frames.map((frame) => `<g class="lane">${rectangle(frame)}</g>`),
    ...notes.map((note) => noteElement(note, inPage)),
    '</svg>',
    '',
  ].join('\n')
}

function noteElement({ note, text, ...box }: PlacedNote, inPage: boolean): string {
  const left = box.x - box.width / 2
  const lines = textLines(text, box, { ...fonts.node, boldLines: text.firstLines })
  const corners = [
    [left, box.y - box.height / 2],
    [left + box.width, box.y - box.height / 2],
    [left + box.width, box.y + box.height / 2],
    [left, box.y + box.height / 2],
  ]
  const points = corners.map(([x, y]) => `${number(x!)},${number(y!)}`).join(' ')
  const element = `<g class="node solid ${note.role}"><polygon points="${points}"/>${lines}</g>`
  if (!inPage || note.link === undefined) return element
  return `<a href="${hrefOf(note.link)}" aria-label="${xmlText(note.texts.join(', '))}">${element}</a>`
}

function sentencesOf({ lane, moments }: TimelineLane): readonly string[] {
  return moments.flatMap(({ command, events }) => {
    const happened = events.map(({ name, listeners }) =>
      listeners.length === 0 ? name : `${name} (heard by ${listeners.map((each) => each.name).join(', ')})`,
    )
    return [`${lane.name}: ${[...(command ? [command.name] : []), happened.join(', ') || 'nothing'].join(' → ')}`]
  })
}
