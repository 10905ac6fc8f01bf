// Text inside Markdown: what has a meaning there is written with a backslash, so that a name or a sentence is never anything but text.

/** One line of text for a paragraph, a heading or a list item. */
export function markdownText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .replace(/[\\`*<>[\]&~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\$&')
    .replace(/^(?:[#+=-]|\d+(?=[.)]))/, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`))
}
