// `exports` is the whole API: what each package offers stands in a file, so that a change of it is seen and meant.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'

interface Manifest {
  readonly name: string
  readonly exports: Record<string, { '@indelible/source': string; default: string }>
}

const entries = globSync('packages/*/package.json')
  .sort()
  .flatMap((file) => {
    const { name, exports } = JSON.parse(readFileSync(file, 'utf8')) as Manifest
    return Object.entries(exports).map(([path, { '@indelible/source': source, default: built }]) => ({
      name: join(name, path),
      source: join(dirname(file), source),
      built: join(dirname(file), built),
    }))
  })

test('the public API is the one that is written down', async () => {
  const lines = await Promise.all(
    entries.map(async ({ name, source }) => {
      const names = Object.keys((await import(pathToFileURL(source).href)) as object).sort()
      return `${name}\n${names.map((each) => `  ${each}\n`).join('')}`
    }),
  )
  await expect(lines.join('\n')).toMatchFileSnapshot('public-api.txt')
})

describe('what was built offers the same as the source', () => {
  const changedMs = Math.max(...globSync('packages/*/src/**/*.ts').map((file) => statSync(file).mtimeMs))
  const isBuilt = entries.every(({ built }) => existsSync(built) && statSync(built).mtimeMs > changedMs)
  const reason = isBuilt ? '' : ' (skipped: nothing is built since the last change, run npm run build)'
  test.skipIf(!isBuilt).each(entries)(`$name${reason}`, async ({ source, built }) => {
    const names = async (file: string) => Object.keys((await import(pathToFileURL(file).href)) as object).sort()
    expect(await names(built)).toEqual(await names(source))
  })
})
