// `exports` is the whole API: what each package offers stands in a file, so that a change of it is seen and meant.
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { entries } from './published.ts'

test('the public API is the one that is written down', async () => {
  const lines = await Promise.all(
    entries.map(async ({ name, source }) => {
      const names = Object.keys((await import(pathToFileURL(source).href)) as object).sort()
      return `${name}\n${names.map((each) => `  ${each}\n`).join('')}`
    }),
  )
  await expect(lines.join('\n')).toMatchFileSnapshot('public-api.txt')
})
