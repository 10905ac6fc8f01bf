// Names of files for names of the domain, which may be any text.

/** A different file name for each name, also on disks that do not tell capitals from small letters. The same for the same list. */
export function fileNames(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  return new Map(
    [...new Set(names)].map((name) => {
      const safe = safeName(name)
      let file = safe
      for (let count = 2; taken.has(file.toLowerCase()); count++) file = `${safe}-${count}`
      taken.add(file.toLowerCase())
      return [name, file] as const
    }),
  )
}

/** One that every system has for a file and for a folder. Some write accents in another way than others, and Windows drops dots at the end. */
function safeName(name: string): string {
  const letters = name.normalize('NFC').replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-')
  const short = cut(letters.replace(/^[.-]+/, '')).replace(/\.+$/, '') || 'unnamed'
  return keptByWindows.test(short) ? `_${short}` : short
}

function cut(text: string): string {
  let short = ''
  for (const letter of text) {
    if (Buffer.byteLength(short + letter) > nameBytesMax) break
    short += letter
  }
  return short
}

/** A name may have 255 bytes. Ours get an ending, and another one while they are written. */
const nameBytesMax = 120

/** Devices, whatever their ending. */
const keptByWindows = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i
