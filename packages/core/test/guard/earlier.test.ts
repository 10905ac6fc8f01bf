import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('a fake clock and functions that were there before the guard', () => {
  const program = join(import.meta.dirname, 'earlier-program.ts')
  const printed = execFileSync(process.execPath, ['--conditions=@indelible/source', program], { encoding: 'utf8' })
  expect(JSON.parse(printed)).toEqual({
    whileFake: ['Date.now', 'setTimeout', 5],
    afterwards: ['Date.now', 'setTimeout', true],
    // Not refused, but found: they answered differently the second time.
    hidden: ['no call', 'no call'],
    unseen: true,
  })
})
