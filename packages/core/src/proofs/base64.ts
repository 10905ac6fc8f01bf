// Base64 in exactly one form: Node reads several texts as the same bytes, and a proof must not be changeable.

/** Nothing if it is not the one base64 text of some bytes. */
export function decodedBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
