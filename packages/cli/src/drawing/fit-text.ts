// Text in boxes. The font is monospaced: no browser is needed to know how wide a line will be.
import stringWidth from 'string-width'

export interface TextBlock {
  readonly lines: readonly string[]
  /** How many of them belong to the first text. */
  readonly firstLines: number
  readonly width: number
  readonly height: number
}

export interface Font {
  readonly size: number
  readonly lineHeight: number
  /** Longer lines are broken. */
  readonly cellsMax: number
}

export const fonts = {
  node: { size: 13, lineHeight: 18, cellsMax: 34 },
  label: { size: 12, lineHeight: 15, cellsMax: 22 },
  heading: { size: 16, lineHeight: 24, cellsMax: 60 },
} as const satisfies Record<string, Font>

/** Each text begins a line. */
export function fitText(texts: readonly string[], font: Font): TextBlock {
  const broken = texts.map((text) => brokenLines(visible(text), font.cellsMax))
  const lines = broken.flat()
  const cells = Math.max(0, ...lines.map((line) => stringWidth(line)))
  const size = { width: cells * font.size * cellPerSize, height: lines.length * font.lineHeight }
  return { lines, firstLines: broken[0]?.length ?? 0, ...size }
}

/** Breaks at spaces. A word that is too long is broken within. */
function brokenLines(text: string, cellsMax: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    for (const [index, part] of partsOf(word, cellsMax).entries()) {
      const longer = line === '' || index > 0 ? line + part : `${line} ${part}`
      if (stringWidth(longer) <= cellsMax) line = longer
      else {
        if (line !== '') lines.push(line)
        line = part
      }
    }
  }
  return [...lines, line]
}

/** Where a long word may be broken: at a hump or a separator, and where that is not enough, anywhere. */
function partsOf(word: string, cellsMax: number): readonly string[] {
  if (stringWidth(word) <= cellsMax) return [word]
  return word
    .split(/(?<=\p{Ll})(?=\p{Lu})|(?<=[-_./:,])/u)
    .flatMap((part) =>
      stringWidth(part) <= cellsMax ? [part] : [...graphemes.segment(part)].map(({ segment }) => segment),
    )
}

/** XML has no place for control characters and halves of a character. */
export function visible(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\t\n\r]|[\uFFFE\uFFFF]/gu, '\uFFFD')
}

/** Of the usual monospaced fonts, the widest has 0.602. */
const cellPerSize = 0.605
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
