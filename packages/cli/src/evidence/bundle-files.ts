// What is in a bundle of evidence.

/** In the order in which they are written. */
export const bundleFiles = [
  'events.ndjson',
  'keys.ndjson',
  'checkpoint',
  'declarations.json',
  'about.json',
  'index.html',
  'README.txt',
  'check.py',
  'SHA256SUMS',
] as const

export type BundleFile = (typeof bundleFiles)[number]

/** With a line for each event. Each can be long. */
export type LinesFile = 'events.ndjson' | 'keys.ndjson'

export function isLinesFile(name: BundleFile): name is LinesFile {
  return name === 'events.ndjson' || name === 'keys.ndjson'
}

export const sumsFile = 'SHA256SUMS'

export function isBundleFile(name: string): name is BundleFile {
  return bundleFiles.some((each) => each === name)
}

/** As `sha256sum` writes it. */
export function sumsText(sums: ReadonlyMap<BundleFile, string>): string {
  return [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join('')
}
