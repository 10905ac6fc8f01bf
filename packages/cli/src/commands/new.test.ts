// `indelible new`: what it writes, what it leaves alone, and what it asks.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cli, temporaryDirectory } from '../../test/support.ts'
import { exampleBoard } from '../skeleton/index.ts'

test('--example prints a board of which a project can be made', async () => {
  const cwd = temporaryDirectory()
  const { out } = await cli(['new', '--example'], { cwd })
  writeFileSync(join(cwd, 'Library.md'), out)
  const made = await cli(['new', 'Library.md'], { cwd })
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(made.out).toMatch(
    /^library: \d+ files written, 0 left alone\n {2}3 commands, 3 events, 1 saga, 1 read model\n/,
  )
  expect(made.out).toContain('  cd library\n  npm install\n')
  expect(readFileSync(join(cwd, 'library', '.gitignore'), 'utf8')).toContain('data/')
})

test('a board that has grown gets what is missing, and no file is changed', async () => {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'board.md'), exampleBoard)
  await cli(['new', 'board.md', '--out', 'app'], { cwd })
  const aggregate = join(cwd, 'app', 'loan', 'loan.ts')
  appendFileSync(aggregate, '// Mine.\n')
  const grown = exampleBoard
    .replace('- ReturnBook\n', '- LoseBook\n- ReturnBook\n')
    .replace('- BookReturned\n', '- BookLost\n- BookReturned\n')
  writeFileSync(join(cwd, 'board.md'), grown)
  const again = JSON.parse((await cli(['new', 'board.md', '--out', 'app', '--json'], { cwd })).out)
  expect(again.written).toEqual(['loan/lose-book.ts', 'loan/lose-book.test.ts'])
  expect(again.leftAlone).toEqual([
    { file: 'system.ts', lacks: ['LoseBook'] },
    { file: 'loan/events.ts', lacks: ['BookLost'] },
    { file: 'loan/loan.ts', lacks: ['BookLost'] },
  ])
  expect(readFileSync(aggregate, 'utf8')).toMatch(/\/\/ Mine\.\n$/)
})

test('a board with questions writes nothing, and asks each on a line of its own', async () => {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'board.md'), '# x\n## Aggregate: y\n### Commands\n- Do\n## Policy: p\n- on Never\n')
  const { code, out, err } = await cli(['new', 'board.md'], { cwd })
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('\n- line 4: What does Do record?')
  expect(err).toContain('\n- line 5: p names the event "Never"')
  const shared =
    '# x\n## Aggregate: y\n### Commands\n- Do\n  - emits Done\n### Events\n- Done\n## Commands on facts: y\n### Commands\n- Undo\n  - emits Undone\n  - of: text\n  - consults all\n### Events\n- Undone\n  - of: text\n## Decision model: all\n- by of\n- on Undone\n'
  writeFileSync(join(cwd, 'board.md'), shared)
  const { err: refused } = await cli(['new', 'board.md'], { cwd })
  expect(refused).toMatch(
    /^error: .*\n- line 8: "y" is an aggregate, and only its own commands write to its streams[^\n]*\n$/,
  )
  expect(await cli(['new'], { cwd })).toMatchObject({ code: 2 })
  expect(await cli(['new', 'missing.md'], { cwd })).toMatchObject({ code: 2 })
})
