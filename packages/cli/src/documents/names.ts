// Names of files for names of the domain, which may be any text.

/** A different file name for each name, also on disks that do not tell capitals from small letters. The same for the same list. */
export function fileNames(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  return new Map(
    [...new Set(names)].map((name) => {
      const safe =
        name
          .replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-')
          .replace(/^[.-]+/, '')
          .slice(0, 80) || 'unnamed'
      let file = safe
      for (let count = 2; taken.has(file.toLowerCase()); count++) file = `${safe}-${count}`
      taken.add(file.toLowerCase())
      return [name, file] as const
    }),
  )
}
