// What connections to others over HTTP share.
import { IndelibleError } from 'indelible'

/** Throws `config_invalid`. */
export function checkedUrl(given: string | URL): URL {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined
  if (url?.username || url?.password)
    throw new IndelibleError('config_invalid', `The URL of ${url.host} has a name or password. Give them in "headers".`)
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new IndelibleError(
    'config_invalid',
    `${JSON.stringify(String(given))} is not the URL of an HTTP API. Write one such as https://partner.example.`,
  )
}

/** `fetch` hides the reason in the cause: the code of the operating system, or a sentence of its own. */
export function whyNot(error: unknown): string {
  const { cause, message } = error as Error & { readonly cause?: { readonly errno?: number } & NodeJS.ErrnoException }
  return (cause?.errno === undefined ? cause?.message : cause.code) ?? message
}
