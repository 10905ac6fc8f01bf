// A short name for a piece of code, to notice that it changed. It need not withstand an adversary, so a fast hash will do.

/** 64 bits of FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) over the parts, length-prefixed so that no two lists read alike, as 16 hex digits. */
export function fingerprint(parts: readonly unknown[]): string {
  let hash = 0xcbf29ce484222325n
  for (const part of parts) {
    const text = String(part)
    for (const character of `${text.length}:${text}`) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(character.codePointAt(0)!)) * 0x100000001b3n)
    }
  }
  return hash.toString(16).padStart(16, '0')
}
