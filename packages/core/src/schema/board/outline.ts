// The outline of a written board: its headings, with the text and the lists below them, and the line of each.

export interface OutlineItem {
  readonly text: string
  readonly line: number
  readonly items: readonly OutlineItem[]
}

export interface OutlinePart {
  readonly level: number
  readonly title: string
  readonly line: number
  readonly text: readonly { readonly text: string; readonly line: number }[]
  readonly items: readonly OutlineItem[]
}

type Growing<Part> = { -readonly [Key in keyof Part]: Part[Key] extends readonly (infer Each)[] ? Each[] : Part[Key] }
interface OpenItem {
  text: string
  readonly line: number
  readonly items: OpenItem[]
  readonly indent: number
}

/** What stands before the first heading is a part of level 0, if there is anything. */
export function outlineOf(markdown: string): readonly OutlinePart[] {
  const parts: Growing<OutlinePart>[] = [{ level: 0, title: '', line: 1, text: [], items: [] }]
  let open: OpenItem[] = []
  let isAfterBlank = true
  for (const [index, raw] of withoutComments(markdown)
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = index + 1
    const part = parts.at(-1)!
    const [, spaces = '', written = ''] = /^(\s*)(.*?)\s*$/.exec(raw.replaceAll('\t', '    ')) ?? []
    const heading = spaces.length < 4 ? /^(#{1,6})(?:\s+(.*?))?(?:\s+#+)?$/.exec(written) : null
    const item = /^(?:[-*+•]|\d+[.)])(?:\s+(.*))?$/.exec(written)
    if (heading) {
      parts.push({ level: heading[1]!.length, title: heading[2] ?? '', line, text: [], items: [] })
      open = []
    } else if (written === '' || /^(?:[-*_]\s*){3,}$/.test(written)) {
      isAfterBlank = true
      continue
    } else if (item) {
      open = open.filter(({ indent }) => indent < spaces.length)
      const made: OpenItem = { text: item[1] ?? '', line, items: [], indent: spaces.length }
      ;(open.at(-1)?.items ?? (part.items as OpenItem[])).push(made)
      open = [...open, made]
    } else if (open.length > 0 && (!isAfterBlank || spaces.length > open[0]!.indent)) {
      open.at(-1)!.text += ` ${written}`
    } else {
      part.text.push({ text: written, line })
      open = []
    }
    isAfterBlank = false
  }
  return parts.filter(({ level, text, items }) => level > 0 || text.length > 0 || items.length > 0)
}

/** The lines keep their numbers. */
function withoutComments(markdown: string): string {
  return markdown.replace(/^\uFEFF/, '').replace(/<!--.*?-->/gs, (comment) => comment.replace(/[^\r\n]/g, ''))
}
