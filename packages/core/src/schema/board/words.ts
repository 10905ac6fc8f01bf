// The words of a written board: names, lists of names, and what stands behind a colon.

export interface Rest<Value> {
  readonly value: Value
  readonly rest: string
}

/** Text without the backslashes that Markdown has before punctuation. */
export function plainText(markdown: string): string {
  return markdown.replace(/\\([!-/:-@[-`{-~])/g, '$1').trim()
}

/** The same where only names and words of the grammar are meant: code ticks and stars around them mean nothing. */
export function plainWords(markdown: string): string {
  return plainText(markdown.replace(/(?<!\\)[`*]/g, ''))
}

/** The name that a text begins with. */
export function nameIn(text: string): Rest<string> | undefined {
  const [quoted] = /^"(?:[^"\\]|\\.)*"/.exec(text) ?? []
  const [found] = quoted === undefined ? (/^[\p{L}\p{N}_.$/-]+/u.exec(text) ?? []) : [quoted]
  if (found === undefined) return undefined
  const value = quoted === undefined ? found : unquoted(quoted)
  return value === undefined || value === '' ? undefined : { value, rest: text.slice(found.length).trim() }
}

/** The one name that a text is. */
export function onlyName(text: string): string | undefined {
  const found = nameIn(text)
  return found?.rest === '' ? found.value : undefined
}

/** Names with commas between. */
export function namesIn(text: string): readonly string[] | undefined {
  const found = nameIn(text)
  if (!found) return undefined
  if (found.rest === '') return [found.value]
  if (!found.rest.startsWith(',')) return undefined
  const others = namesIn(found.rest.slice(1).trim())
  return others && [found.value, ...others]
}

/** A name, and the description behind a colon: null where there is none. The description keeps its ticks and stars. */
export function describedName(markdown: string): { name: string; description: string | null } | undefined {
  const text = plainText(markdown.replace(/^(?<mark>[`*]{1,2})([^`*]+)\k<mark>/, '$2'))
  const found = nameIn(text)
  if (!found || (found.rest !== '' && !found.rest.startsWith(':'))) return undefined
  return { name: found.value, description: found.rest.slice(1).trim() || null }
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text))
  } catch {
    return undefined
  }
}
