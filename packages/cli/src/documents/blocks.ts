// What a document is made of. Markdown and the site are two ways to write the same blocks.
import type { Board, Diagram } from 'indelible/schema'

export interface Page {
  /** Without an ending: `registry`. */
  readonly name: string
  readonly title: string
  readonly about: string
  readonly blocks: readonly Block[]
}

export type Block =
  | {
      readonly kind: 'heading'
      readonly level: 2 | 3 | 4
      readonly text: string
      /** What it tells of, as in `event/FundsWithdrawn`: links lead here. */
      readonly id?: string
      /** A word beside the title: `personal data`. */
      readonly mark?: string
    }
  | { readonly kind: 'paragraph'; readonly text: Text }
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly Text[])[] }
  | { readonly kind: 'code'; readonly language: 'json' | 'sh' | 'sql' | 'ts' | 'md'; readonly text: string }
  | { readonly kind: 'picture'; readonly picture: Picture }

export type Text = string | readonly Inline[]
export type Inline =
  | string
  | { readonly code: string }
  | { readonly strong: string }
  /** Leads to the heading that tells of it. */
  | { readonly link: string; readonly text: string }
  /** Leads to a file of the documents. */
  | { readonly file: string; readonly text: string }

export interface Picture {
  /** Of its files, without an ending. */
  readonly name: string
  /** What is to be seen, in a sentence. */
  readonly alt: string
  readonly drawing: { readonly diagram: Diagram } | { readonly board: Board }
}

export function heading(
  level: 2 | 3 | 4,
  text: string,
  more: { readonly id?: string; readonly mark?: string } = {},
): Block {
  return { kind: 'heading', level, text, ...more }
}

/** Nothing where there is no text. */
export function paragraph(text: Text | null): readonly Block[] {
  return text === null || text.length === 0 ? [] : [{ kind: 'paragraph', text }]
}

export function list(items: readonly Text[]): readonly Block[] {
  return items.length === 0 ? [] : [{ kind: 'list', items }]
}

/** Nothing where there are no rows. */
export function table(head: readonly string[], rows: readonly (readonly Text[])[]): readonly Block[] {
  return rows.length === 0 ? [] : [{ kind: 'table', head, rows }]
}

export function code(language: Extract<Block, { kind: 'code' }>['language'], text: string): Block {
  return { kind: 'code', language, text: text.trimEnd() }
}

export function picture(picture: Picture): Block {
  return { kind: 'picture', picture }
}

/** Several with commas between. `none` where there are none. */
export function joined(items: readonly Inline[], none = '—'): readonly Inline[] {
  return items.length === 0 ? [none] : items.flatMap((item, index) => (index === 0 ? [item] : [', ', item]))
}

export function inlines(text: Text): readonly Inline[] {
  return typeof text === 'string' ? [text] : text
}

/** Where each heading with an id is. */
export function homesOf(pages: readonly Page[]): ReadonlyMap<string, string> {
  return new Map(
    pages.flatMap(({ name, blocks }) =>
      blocks.flatMap((block) =>
        block.kind === 'heading' && block.id !== undefined ? [[block.id, name] as const] : [],
      ),
    ),
  )
}
