// The sections of a written board.
import type { BoardFindings } from './findings.ts'
import type { OutlinePart } from './outline.ts'

export interface Section extends OutlinePart {
  readonly parts: readonly OutlinePart[]
}

/** Headings of level 1 and 2, with the deeper ones below them. */
export function sectionsOf(parts: readonly OutlinePart[], findings: BoardFindings): readonly Section[] {
  const sections: (Section & { parts: OutlinePart[] })[] = []
  for (const part of parts) {
    const above = sections.at(-1)
    if (part.level === 0)
      findings.add(part.text[0]?.line ?? part.items[0]!.line, 'Begin with the name of the system, as in "# shop".')
    else if (part.level <= 2) sections.push({ ...part, parts: [] })
    else if (above) above.parts.push(part)
    else findings.unexpected({ line: part.line, text: part.title }, 'first the name of the system, as in "# shop".')
  }
  return sections
}
