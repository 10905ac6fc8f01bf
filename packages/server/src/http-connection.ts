// What connections to others over HTTP share.
import { IndelibleError } from 'indelible'

/** Throws `config_invalid`. */
export function checkedUrl(given: string | URL): URL {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined
  if (url?.username || url?.password)
    throw new IndelibleError('config_invalid', `The URL of ${url.host} has a name or password. Give them in "headers".`)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new IndelibleError(
      'config_invalid',
      `${JSON.stringify(String(given))} is not the URL of an HTTP API. Write one such as https://partner.example.`,
    )
  if (!/[?#]/.test(url.href)) return url
  throw new IndelibleError(
    'config_invalid',
    `The URL ${url.href} has a query or a fragment, and paths cannot stand behind that. Write ${url.origin}${url.pathname}, and give what the query says in "headers".`,
  )
}

/** The address of a path behind a checked URL. */
export function addressOf({ origin, pathname }: URL, path: string): string {
  return origin + pathname.replace(/\/+$/, '') + path
}

/** Throws `config_invalid`. The message does not have the value, which may be secret. */
export function checkedHeaders(given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.set(name, value)
    } catch {
      throw new IndelibleError(
        'config_invalid',
        `The header ${JSON.stringify(name)} cannot be sent: its name or its value has characters that HTTP does not allow.`,
      )
    }
  }
  return headers
}

/** Later ones win, however their names are spelled. */
export function joinedHeaders(...all: readonly (Headers | Readonly<Record<string, string>>)[]): Headers {
  const joined = new Headers()
  for (const each of all) for (const [name, value] of new Headers(each)) joined.set(name, value)
  return joined
}

/** `fetch` hides the reason in the cause: the code of the operating system, or a sentence of its own. */
export function whyNot(error: unknown): string {
  const { cause, message } = error as Error & { readonly cause?: { readonly errno?: number } & NodeJS.ErrnoException }
  return (cause?.errno === undefined ? cause?.message : cause.code) ?? message
}
