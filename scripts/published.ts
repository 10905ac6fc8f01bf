// The packages that are published, as their manifests describe them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly files: readonly string[]
  readonly exports: Record<string, { '@indelible/source': string; types: string; default: string }>
  readonly bin?: Record<string, string>
}

const { workspaces } = JSON.parse(readFileSync('package.json', 'utf8')) as { workspaces: string[] }

/** In the order in which they are built: each after its dependencies. */
export const published = workspaces
  .map((dir) => ({ dir, ...(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Manifest) }))
  .filter((manifest) => manifest.private !== true)

/** What can be imported: `indelible`, `indelible/file` and so on. */
export const entries = published
  .toSorted((one, other) => (one.dir < other.dir ? -1 : 1))
  .flatMap(({ dir, name, exports }) =>
    Object.entries(exports).map(([path, targets]) => ({
      name: join(name, path),
      source: join(dir, targets['@indelible/source']),
    })),
  )
