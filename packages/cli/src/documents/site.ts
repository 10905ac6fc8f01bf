// The site: all pages in one HTML file that loads nothing from elsewhere, with search.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { allFields, fieldsOf } from 'indelible/schema'
import { darkVariables, lightVariables, rules } from '../drawing/index.ts'
import { type Block, homesOf, type Page } from './blocks.ts'
import { allCommands } from './commands.ts'
import type { Source } from './source.ts'
import { headingId, html, pageHtml, pageId } from './to-html.ts'

/** An entry of the search: its title, what it is, where it is, and the words that it is found by besides. */
type Entry = readonly [title: string, what: string, href: string, words: string]

export function sitePage(source: Source, pages: readonly Page[]): string {
  const places = {
    ids: new Set(homesOf(pages).keys()),
    pages: new Map(pages.map(({ name }) => [`${name}.md`, pageId(name)])),
  }
  const css = `:root{${lightVariables}}
@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){${darkVariables}}}
@media screen{:root[data-theme=dark]{${darkVariables}}}
${rules}${asset('site.css')}`
  const script = asset('site.js')
  const policy = `default-src 'none'; style-src '${hashOf(css)}'; script-src '${hashOf(script)}'; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${html(source.system.name)}: documents</title>
<style>${css}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header>
<h1><a href="#start">${html(source.system.name)}</a></h1>
<search class="search" hidden>
<input id="search" type="text" role="combobox" aria-expanded="false" aria-controls="found" aria-autocomplete="list" autocomplete="off" spellcheck="false" placeholder="Search ( / )" aria-label="Search events, fields, commands, tables and sagas">
<ul id="found" role="listbox" aria-label="Found" hidden></ul>
<p id="count" class="hidden" role="status"></p>
</search>
<button id="theme" type="button" hidden>Theme</button>
</header>
<nav aria-label="Documents">
<ul>
${pages.map(navigation).join('\n')}
</ul>
</nav>
<main id="main" tabindex="-1">
${pages.map((page) => pageHtml(page, places)).join('\n')}
</main>
<script type="application/json" id="entries">${JSON.stringify(entriesOf(source, pages)).replaceAll('<', '\\u003c')}</script>
<script>${script}</script>
</body>
</html>
`
}

/** A page with its headings, as far as they stand for something. */
function navigation({ name, title, blocks }: Page): string {
  const headings = blocks
    .filter((block) => block.kind === 'heading')
    .filter(({ level, id }) => level === 2 || (level === 3 && id))
  const links = headings.map(
    (each) => `<li class="level${each.level}"><a href="#${headingId(each, name)}">${html(each.text)}</a></li>`,
  )
  const inner =
    name === 'README' || links.length === 0
      ? ''
      : `<details><summary>Contents<span class="hidden"> of ${html(title)}</span></summary><ul>${links.join('\n')}</ul></details>`
  return `<li><a class="document" href="#${pageId(name)}">${html(name === 'README' ? 'Start' : title)}</a>${inner}</li>`
}

function entriesOf(source: Source, pages: readonly Page[]): readonly Entry[] {
  const { system } = source
  const words = new Map<string, string>([
    ...system.events.map(
      (event) => [`event/${event.type}`, [event.description ?? '', ...paths(event.schema)].join(' ')] as const,
    ),
    ...allCommands(source).map((command) => {
      const refusals = command.refuses.map(({ reason }) => reason)
      return [
        `command/${source.nameOf(command)}`,
        [command.description ?? '', ...paths(command.input), ...refusals].join(' '),
      ] as const
    }),
    ...system.projections.map(
      ({ name, description, columns }) =>
        [`table/${name}`, [description ?? '', ...columns.map((column) => column.name)].join(' ')] as const,
    ),
  ])
  return pages.flatMap((page) => [
    [page.title, 'document', `#${pageId(page.name)}`, page.about] as const,
    ...page.blocks
      .filter(
        (block): block is Extract<Block, { kind: 'heading' }> => block.kind === 'heading' && block.id !== undefined,
      )
      .map(
        (block) =>
          [block.text, whatOf(block.id!), `#${headingId(block, page.name)}`, words.get(block.id!) ?? ''] as const,
      ),
  ])
}

function paths(schema: object): readonly string[] {
  return allFields(fieldsOf(schema as Parameters<typeof fieldsOf>[0])).map(({ path }) => path)
}

function whatOf(id: string): string {
  const [kind] = id.split('/')
  return kind === 'table' ? 'read table' : kind!
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** They stand beside the source, which the package has too. */
function asset(name: string): string {
  return readFileSync(new URL(`../../src/documents/site/${name}`, import.meta.url), 'utf8')
}
