// The names of things in code, from the names on a board.

export function pascal(name: string): string {
  return wordsOf(name)
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('')
}

export function camel(name: string): string {
  const [first = '', ...others] = wordsOf(name)
  return first[0]?.toLowerCase() + first.slice(1) + others.map((word) => pascal(word)).join('')
}

export function kebab(name: string): string {
  return wordsOf(name.replace(/([a-z\d])([A-Z])|([A-Z]+)(?=[A-Z][a-z])/g, '$1$3 $2'))
    .join('-')
    .toLowerCase()
}

export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name) && !reserved.has(name)
}

/** Whether no file or folder can have this name there, with any extension. */
export function isKeptByWindows(name: string): boolean {
  return /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(name)
}

/** Whether every object of JavaScript has a member of this name already, as `constructor`. */
export function isOfEveryObject(name: string): boolean {
  return name in {}
}

/** In front of a noun. */
export function aOrAn(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`
}

/** Letters without their accents, digits; everything else separates words. */
function wordsOf(name: string): readonly string[] {
  return (
    name
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .match(/[A-Za-z\d]+/g) ?? []
  )
}

/** Words of the language (ECMA-262, 12.7.2) and of our modules that no declaration can have. */
const reserved = new Set([
  ...'await break case catch class const continue debugger default delete do else enum export extends false finally for function if'.split(
    ' ',
  ),
  ...'import in instanceof new null return super switch this throw true try typeof var void while with yield let static'.split(
    ' ',
  ),
  ...'implements interface package private protected public arguments eval undefined NaN Infinity async of'.split(' '),
  ...'z aggregate command decisionModel defineSystem event policy projection reaction refuse refusal removal saga'.split(
    ' ',
  ),
  ...'activity remoteSystem subscription bigint boolean date integer json text timestamp'.split(' '),
  ...'decideAfter expect test system initialState input state data facts flow row item'.split(' '),
])
