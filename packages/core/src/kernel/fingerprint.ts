// A short hash of code or input, to notice changes. It need not resist attacks, so a fast hash is enough.

/** 64 bits as 16 hex digits: FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) twice, with two bases, over the parts, each after its length. */
export function fingerprint(parts: readonly unknown[]): string {
  let first = 0x811c9dc5
  let second = 0xcbf29ce4
  for (const part of parts) {
    const text = String(part)
    for (const piece of [`${text.length}:`, text]) {
      for (let at = 0; at < piece.length; at++) {
        const unit = piece.charCodeAt(at)
        first = Math.imul(first ^ unit, 0x01000193)
        second = Math.imul(second ^ unit ^ (first >>> 15), 0x01000193)
      }
    }
  }
  return hex(first) + hex(second)
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0')
}
