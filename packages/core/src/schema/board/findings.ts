// What is wrong with a written board: all of it at once, each with its line, what stands there, and what is expected.
import { IndelibleError } from '../../kernel/errors.ts'

export interface BoardFinding {
  readonly line: number
  readonly message: string
}

export class BoardFindings {
  readonly #found: BoardFinding[] = []

  add(line: number, message: string): void {
    this.#found.push({ line, message })
  }

  /** What stands in a line, and what was expected there. */
  unexpected({ line, text }: { readonly line: number; readonly text: string }, expected: string): void {
    const shown = text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text
    this.add(line, `"${shown}" is not understood. Expected: ${expected}`)
  }

  /** Reads the items of a list whose names must differ. */
  eachOnce<Item extends { readonly line: number }, Part extends { readonly name: string }>(
    items: readonly Item[],
    read: (item: Item) => Part | undefined,
  ): readonly Part[] {
    const lines = new Map<string, number>()
    return items.flatMap((item) => {
      const part = read(item)
      if (!part) return []
      const before = lines.get(part.name)
      if (before !== undefined) this.add(item.line, `"${part.name}" stands in line ${before} too. Write it once.`)
      lines.set(part.name, item.line)
      return [part]
    })
  }

  /** Throws `board_invalid` where anything was found. */
  assertNone(): void {
    if (this.#found.length === 0) return
    const findings = this.#found.toSorted((a, b) => a.line - b.line)
    const list = findings.map(({ line, message }) => `line ${line}: ${message}`)
    throw new IndelibleError('board_invalid', `The board is not complete or not understood:\n- ${list.join('\n- ')}`, {
      details: { findings },
    })
  }
}

const shownCharactersMax = 80
