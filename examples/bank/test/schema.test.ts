// The events of the bank are those of the committed file, so that a change of them is made on purpose: `indelible schema write` in examples/bank.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const bin = fileURLToPath(new URL('../../../packages/cli/bin/indelible.js', import.meta.url))

test('the code reads what the committed file says, and code before it reads what it records', () => {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const args = ['schema', 'check', '--against', 'indelible.schema.json', '--mode', 'full', '--json']
  const printed = execFileSync(process.execPath, ['--conditions=@indelible/source', bin, ...args], {
    cwd,
    encoding: 'utf8',
  })
  expect(JSON.parse(printed)).toMatchObject({ about: 'totals', findings: 0, isCurrent: true })
})
