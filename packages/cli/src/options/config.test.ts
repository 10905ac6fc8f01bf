// These tests run the binary, because Node's own loader is part of what they test.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { appendHistory } from '../../test/append.ts'
import { binary, temporaryDirectory } from '../../test/support.ts'
import { exitCodes } from '../errors/index.ts'

const domain = JSON.stringify(new URL('../../test/domain.ts', import.meta.url).href)
const files = JSON.stringify(import.meta.resolve('indelible/file'))
const good = `import { fileStorage } from ${files}
import { system } from ${domain}
export default {
  system,
  dataDir: './var' satisfies string,
  open: (options) => ({ ...fileStorage(options), tables: async () => { throw new Error('not needed') } }),
}
`

function directoryWith(files: Record<string, string>): string {
  const directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

test('a config is found in a parent directory, and its dataDir is relative to the config', async () => {
  const directory = directoryWith({ 'indelible.config.ts': good, 'package.json': '{}' })
  await appendHistory(join(directory, 'var'))
  const below = join(directory, 'a', 'b')
  mkdirSync(below, { recursive: true })
  const { code, out, err } = await binary(['state', 'account', '1', '--json'], { cwd: below })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(JSON.parse(out)).toMatchObject({ stream: 'account-1', state: { owner: 'ann', balance: 70 } })
})

test('--config names another config, --data another log, relative to the working directory', async () => {
  const directory = directoryWith({ 'other.mjs': good.replace(' satisfies string', '') })
  await appendHistory(join(directory, 'elsewhere'))
  const argv = ['state', 'account', '2', '--json', '--config', 'other.mjs', '--data', 'elsewhere']
  expect(JSON.parse((await binary(argv, { cwd: directory })).out)).toMatchObject({
    state: { owner: 'bob', balance: 5 },
  })
})

describe('a broken config ends with 2, one line and the place to look', () => {
  test.each([
    ['does not parse', 'export default {\n  system: ][\n}\n', /indelible\.config\.ts cannot be loaded: .+/],
    ['needs more than stripping of types', 'enum A { B }\nexport default {}\n', /cannot be loaded: .*enum.*/],
    ['throws', "\nthrow new Error('no DATA_DIR')\n", /cannot be loaded: no DATA_DIR \(.*indelible\.config\.ts:2:7\)/],
    [
      'imports what is not there',
      "import 'no-such-package'\n",
      /cannot be loaded: Cannot find package 'no-such-package'/,
    ],
    ['exports nothing', 'export const system = 1\n', /must export its config as default: export default defineConfig/],
  ])('%s', async (_, text, message) => {
    const directory = directoryWith({ 'indelible.config.ts': text })
    const { code, out, err } = await binary(['stat'], { cwd: directory })
    expect(err).toMatch(message)
    expect({ code, out }).toEqual({ code: exitCodes.usage, out: '' })
    expect(err).toMatch(/^error: .*\n$/)
  })
})
