// Text as bytes. Payloads are stored byte for byte, so all conversions use this one encoder and decoder.

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Throws a TypeError on bytes that are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

export function utf8Length(text: string): number {
  return encoder.encode(text).length
}

/** By code point, as Postgres does under the "C" collation. JavaScript's `<` goes by UTF-16 unit, which puts 😀 before U+FFFD. */
export function compareTexts(left: string, right: string): number {
  let at = 0
  while (at < left.length && left.charCodeAt(at) === right.charCodeAt(at)) at++
  return (left.codePointAt(at) ?? -1) - (right.codePointAt(at) ?? -1)
}

export function base64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** The inverse of {@link base64}. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
