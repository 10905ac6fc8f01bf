// Files that are no bundle of evidence: each is refused, within limits, before anything of it is believed.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { changed, madeBundle, packed, unpacked } from '../../test/bundles.ts'
import { cli } from '../../test/support.ts'
import { lineBytesMax } from './limits.ts'

const directory = mkdtempSync(join(tmpdir(), 'indelible-bundles-'))
const { file } = await madeBundle(9, directory)
const good = await unpacked(file)

afterAll(() => rmSync(directory, { recursive: true }))

test.each([
  ['no zip', async () => Buffer.from('nothing'), 'cannot be read as a zip'],
  ['a zip that was cut off', async () => readFileSync(await packed(good)).subarray(0, -40), 'cannot be read as a zip'],
  [
    'a file that no bundle has',
    async () => readFileSync(await packed([...good, ['virus.exe', 'x']])),
    'It has a file "virus.exe", which no bundle has.',
  ],
  [
    'a file twice',
    async () => readFileSync(await packed([...good, ['index.html', 'x']])),
    'It has the file "index.html" twice.',
  ],
  [
    'too many files',
    async () => readFileSync(await packed(Array.from({ length: 17 }, (_, n) => [`${n}`, 'x'] as const))),
    'It has 17 entries, more than 16.',
  ],
  [
    'a path that leads elsewhere',
    async () => renamed(await packed([...good, ['xx/yy', 'x']]), 'xx/yy', '../yy'),
    '../yy',
  ],
  ['a path from the root', async () => renamed(await packed([...good, ['xx/yy', 'x']]), 'xx/yy', '/xxyy'), '/xxyy'],
  [
    'a line that has no end',
    async () => readFileSync(await packed(changed(good, { 'events.ndjson': Buffer.alloc(lineBytesMax + 1, 0x20) }))),
    'events.ndjson has a line of more than 64.0 MiB.',
  ],
  [
    'a file that unpacks to too much',
    async () => readFileSync(await packed(changed(good, { 'index.html': Buffer.alloc(65 * 1024 * 1024) }))),
    '"index.html" has more than 64.0 MiB.',
  ],
  [
    'a last line that is cut',
    async () =>
      readFileSync(
        await packed(changed(good, { 'events.ndjson': good.get('events.ndjson')!.toString().slice(0, -1) })),
      ),
    'The last line of events.ndjson is cut.',
  ],
])('%s is refused with 4', async (_, made, message) => {
  const file = await packed([])
  writeFileSync(file, await made())
  const { code, out, err } = await cli(['evidence', 'verify', file])
  expect({ code, out }).toEqual({ code: 4, out: '' })
  expect(err).toContain(message)
})

test('a file that is not there ends with 4, a key that is none with 2', async () => {
  expect(await cli(['evidence', 'verify', '/no/such/file'])).toMatchObject({ code: 4, out: '' })
  expect(await cli(['evidence', 'verify', 'x.zip', '--key', 'x'])).toMatchObject({ code: 2, out: '' })
})

/** The same zip with another name of a file, of the same length. */
function renamed(file: string, from: string, to: string): Buffer {
  return Buffer.from(readFileSync(file, 'latin1').replaceAll(from, to), 'latin1')
}
