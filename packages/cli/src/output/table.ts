// Aligns text in columns for a terminal.
import stringWidth from 'string-width'
import { padToCells } from './text.ts'

/** Returns indented lines. `isRight` selects the columns that are aligned to the right. */
export function table(rows: readonly (readonly string[])[], isRight: (column: number) => boolean): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => stringWidth(row[column]!)))) ?? []
  return rows.map((row) => {
    const columns = row.map((text, column) => {
      const width = widths[column]!
      return isRight(column) ? ' '.repeat(width - stringWidth(text)) + text : padToCells(text, width)
    })
    return `  ${columns.join('  ').trimEnd()}`
  })
}
