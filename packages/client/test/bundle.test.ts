// What the client costs a web page, and that it needs nothing but the platform.
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundled } from './bundle.ts'

const gzippedBytesMax = 5_000

test('the whole client is at most 5 kB, minified and gzipped', async () => {
  const { code } = await bundled()
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(gzippedBytesMax)
})

test('it imports nothing', async () => {
  expect((await bundled()).imports).toEqual([])
})
