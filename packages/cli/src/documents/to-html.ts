// Pages as sections of the site.
import { addressOf, boardSvgOf, hrefOf, svgOf } from '../drawing/index.ts'
import { escapeControls } from '../output/index.ts'
import { type Block, type Inline, inlines, type Page, type Picture, type Text } from './blocks.ts'

/** What the links of a page may lead to. */
export interface Places {
  /** The headings with an id. */
  readonly ids: ReadonlySet<string>
  /** The ids of pages by the names of their Markdown files. */
  readonly pages: ReadonlyMap<string, string>
}

export function pageHtml({ name, title, about, blocks }: Page, places: Places): string {
  return [
    `<section class="page" id="${pageId(name)}" aria-labelledby="${pageId(name)}.title">`,
    `<h2 id="${pageId(name)}.title" tabindex="-1">${html(title)}</h2>`,
    `<p class="about">${html(about)}</p>`,
    ...blocks.map((block) => blockHtml(block, { page: name, places })),
    '</section>',
  ].join('\n')
}

export function pageId(name: string): string {
  return name === 'README' ? 'start' : name
}

interface Inside {
  readonly page: string
  readonly places: Places
}

function blockHtml(block: Block, inside: Inside): string {
  switch (block.kind) {
    case 'heading': {
      const tag = `h${block.level + 1}`
      const mark = block.mark === undefined ? '' : ` <span class="mark">${html(block.mark)}</span>`
      return `<${tag} id="${headingId(block, inside.page)}" tabindex="-1">${html(block.text)}${mark}</${tag}>`
    }
    case 'paragraph':
      return `<p>${textHtml(block.text, inside)}</p>`
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${textHtml(item, inside)}</li>`).join('')}</ul>`
    case 'table': {
      const head = block.head.map((cell) => `<th scope="col">${html(cell)}</th>`).join('')
      const rows = block.rows.map(
        (cells) => `<tr>${cells.map((cell) => `<td>${textHtml(cell, inside)}</td>`).join('')}</tr>`,
      )
      return `<div class="scroll" tabindex="0" role="region" aria-label="Table: ${html(block.head.join(', '))}"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
    }
    case 'code':
      return `<pre tabindex="0"><code>${html(block.text)}</code></pre>`
    case 'picture':
      return pictureHtml(block.picture)
  }
}

function pictureHtml({ alt, drawing }: Picture): string {
  const svg =
    'board' in drawing ? boardSvgOf(drawing.board, { inPage: true }) : svgOf(drawing.diagram, { inPage: true })
  return `<figure class="picture"><div class="view" tabindex="0" role="region" aria-label="${html(alt)}">${svg}</div><figcaption>${html(alt)}.</figcaption></figure>`
}

/** In the site, each heading has an id. */
export function headingId({ id, text }: Extract<Block, { kind: 'heading' }>, page: string): string {
  return idOf(id ?? `${pageId(page)}/${text}`)
}

/** The fragment that leads to it: the same text, so that no browser has to decode it. */
function idOf(id: string): string {
  return hrefOf(id).slice(1)
}

function textHtml(text: Text, inside: Inside): string {
  return inlines(text)
    .map((each) => inlineHtml(each, inside))
    .join('')
}

function inlineHtml(inline: Inline, { places }: Inside): string {
  if (typeof inline === 'string') return html(inline)
  if ('code' in inline) return `<code>${html(inline.code)}</code>`
  if ('strong' in inline) return `<strong>${html(inline.strong)}</strong>`
  if ('link' in inline)
    return places.ids.has(inline.link) ? `<a href="${hrefOf(inline.link)}">${html(inline.text)}</a>` : html(inline.text)
  const page = places.pages.get(inline.file)
  return `<a href="${page === undefined ? addressOf(inline.file) : `#${page}`}">${html(inline.text)}</a>`
}

/** Escapes what means something in HTML, and characters that hide or turn text. Line feeds stay. */
export function html(text: string): string {
  return text
    .split('\n')
    .map(escapeControls)
    .join('\n')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
