// All documents of a system: the text of each file by its path. The same source gives the same bytes.
import { boardMarkdown } from 'indelible/schema'
import { boardSvgOf, svgOf } from '../drawing/index.ts'
import { asyncApi } from './async-api.ts'
import { auditPage } from './audit.ts'
import { homesOf, type Page, type Picture } from './blocks.ts'
import { eventCatalog } from './event-catalog.ts'
import { eventStormingPage } from './event-storming.ts'
import { flowPage } from './flow.ts'
import { cloudEvents, type Files, jsonText, mermaidFiles, schemaFiles } from './formats.ts'
import { registryPage } from './registry.ts'
import { sagasPage } from './sagas.ts'
import { sitePage } from './site.ts'
import type { Source } from './source.ts'
import { startPage } from './start.ts'
import { pageMarkdown } from './to-markdown.ts'

export function pagesOf(source: Source): readonly Page[] {
  const pages = [
    registryPage(source),
    flowPage(source),
    sagasPage(source),
    auditPage(source),
    eventStormingPage(source),
  ]
  return [startPage(source, pages), ...pages]
}

/** Sorted by path. */
export function documentFiles(source: Source, onProgress: (what: string) => void = () => {}): Files {
  const pages = pagesOf(source)
  const homes = homesOf(pages)
  const pictures = pages.flatMap(({ blocks }) =>
    blocks.flatMap((block) => (block.kind === 'picture' ? [block.picture] : [])),
  )
  onProgress('Drawing')
  const files = new Map([
    ...pages.map((page) => [`${page.name}.md`, pageMarkdown(page, homes)] as const),
    ...pictures.map((picture) => [`pictures/${picture.name}.svg`, drawn(picture)] as const),
    ['board.md', boardMarkdown(source.board)],
    ['asyncapi.json', jsonText(asyncApi(source))],
    ['cloudevents.json', jsonText(cloudEvents(source))],
    ...schemaFiles(source),
    ...mermaidFiles(source),
    ...eventCatalog(source),
  ])
  onProgress('Writing the site')
  files.set('index.html', sitePage(source, pages))
  return new Map([...files].toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

function drawn({ drawing }: Picture): string {
  return 'board' in drawing ? boardSvgOf(drawing.board) : svgOf(drawing.diagram)
}
