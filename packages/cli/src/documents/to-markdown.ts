// Pages as Markdown.
import { markdownText } from 'indelible/schema'
import { addressOf } from '../drawing/index.ts'
import { type Block, type Inline, inlines, type Page, type Text } from './blocks.ts'

/** `homes`: the page of each heading that links lead to. */
export function pageMarkdown(page: Page, homes: ReadonlyMap<string, string>): string {
  const write = new Writer(page.name, homes)
  const lines = [
    `# ${markdownText(page.title)}`,
    '',
    markdownText(page.about),
    '',
    ...page.blocks.flatMap((block) => write.block(block)),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

class Writer {
  readonly #page: string
  readonly #homes: ReadonlyMap<string, string>

  constructor(page: string, homes: ReadonlyMap<string, string>) {
    this.#page = page
    this.#homes = homes
  }

  block(block: Block): readonly string[] {
    switch (block.kind) {
      case 'heading': {
        const anchor = block.id === undefined ? [] : [`<a id="${anchorOf(block.id)}"></a>`, '']
        const mark = block.mark === undefined ? '' : ` (${markdownText(block.mark)})`
        return [...anchor, `${'#'.repeat(block.level)} ${markdownText(block.text)}${mark}`, '']
      }
      case 'paragraph':
        return [this.#text(block.text), '']
      case 'list':
        return [...block.items.map((item) => `- ${this.#text(item)}`), '']
      case 'table':
        return [
          row(block.head.map(markdownText)),
          row(block.head.map(() => '---')),
          ...block.rows.map((cells) => row(cells.map((cell) => this.#text(cell)))),
          '',
        ]
      case 'code': {
        const fence = '`'.repeat(Math.max(3, longestRun(block.text, '`') + 1))
        return [`${fence}${block.language}`, ...block.text.split('\n'), fence, '']
      }
      case 'picture':
        return [`![${markdownText(block.picture.alt)}](pictures/${addressOf(block.picture.name)}.svg)`, '']
    }
  }

  #text(text: Text): string {
    return inlines(text)
      .map((each) => this.#inline(each))
      .join('')
  }

  #inline(inline: Inline): string {
    if (typeof inline === 'string') return spaced(inline, markdownText)
    if ('code' in inline) return codeText(inline.code)
    if ('strong' in inline) return `**${markdownText(inline.strong)}**`
    if ('file' in inline) return `[${markdownText(inline.text)}](${addressOf(inline.file)})`
    const home = this.#homes.get(inline.link)
    if (home === undefined) return markdownText(inline.text)
    return `[${markdownText(inline.text)}](${home === this.#page ? '' : `${home}.md`}#${anchorOf(inline.link)})`
  }
}

/** Letters, digits and a few marks, so that no page needs to escape it. */
function anchorOf(id: string): string {
  return addressOf(id).replaceAll('%', '~')
}

/** The spaces at both ends stay. */
function spaced(text: string, write: (text: string) => string): string {
  return `${/^\s/.test(text) ? ' ' : ''}${write(text)}${/\S\s+$/.test(text) ? ' ' : ''}`
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function codeText(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  const ticks = '`'.repeat(longestRun(line, '`') + 1)
  const space = ticks.length > 1 ? ' ' : ''
  return line === '' ? '' : `${ticks}${space}${line}${space}${ticks}`
}

function longestRun(text: string, character: string): number {
  return Math.max(0, ...(text.match(new RegExp(`${character}+`, 'g')) ?? []).map(({ length }) => length))
}
