// What must not get into a line of a log: characters that a terminal or a reader of lines obeys, and passwords in URLs.

/** Control and direction characters as their escapes, so that one line stays one line. */
export function escaped(line: string): string {
  return line.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** `postgres://user:secret@host` without what stands before the host. */
export function hidden(text: string): string {
  return text.replace(/(\b[a-z][a-z\d+.-]*:\/\/)[^\s/@"']+@/gi, '$1…@')
}
