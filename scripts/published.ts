// The packages that are published, as their manifests describe them.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

interface Manifest {
  readonly name: string
  readonly exports: Record<string, { '@indelible/source': string; types: string; default: string }>
  readonly bin?: Record<string, string>
}

export const published = globSync('packages/*/package.json')
  .sort()
  .map((file) => ({ dir: dirname(file), ...(JSON.parse(readFileSync(file, 'utf8')) as Manifest) }))

/** What can be imported: `indelible`, `indelible/file` and so on. */
export const entries = published.flatMap(({ dir, name, exports }) =>
  Object.entries(exports).map(([path, targets]) => ({
    name: join(name, path),
    source: join(dir, targets['@indelible/source']),
  })),
)
