// `exports` is the whole API: a file lists what each package exports, so that every change of it is visible and intended.
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { entries } from './published.ts'

test('the public API equals the recorded one', async () => {
  const lines = await Promise.all(
    entries.map(async ({ name, source }) => {
      const names = Object.keys((await import(pathToFileURL(source).href)) as object).sort()
      return `${name}\n${names.map((each) => `  ${each}\n`).join('')}`
    }),
  )
  await expect(lines.join('\n')).toMatchFileSnapshot('public-api.txt')
})
