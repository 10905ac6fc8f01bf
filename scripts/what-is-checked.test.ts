// A check that looks at nothing passes. So this test compares what each check looks at with the files that exist: a folder that a pattern misses, or
// a pattern that matches less than it seems to, shows here. The exceptions are listed here with their reason.
import { execFileSync } from 'node:child_process'
import { relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ourFiles } from './our-files.ts'

const code = ourFiles('**/*.{ts,mts,cts,tsx,js,mjs,cjs,jsx}')
const tests = code.filter((file) => /\.(test|spec)\.\w+$/.test(file))

/** Mistakes that must not compile: types.test.ts beside the folder compiles every file in it with two compilers, and compares what they report. */
const mistakes = ourFiles('packages/core/test/types/wrong/*.ts')

test('there is something to count', () => {
  expect(code).toEqual(expect.arrayContaining(['examples/bank/bank.ts', 'packages/cli/bin/indelible.js']))
  expect(tests).toContain('examples/bank/test/account.test.ts')
})

test('the type check covers every source file', () => {
  expect(notIn(run('tsc', '--listFilesOnly'), code)).toEqual(mistakes)
})

test('the linter covers every source file', () => {
  // One rule is enough to see the files.
  expect(notIn(run('biome', 'lint', '--only=suspicious/noDebugger', '--verbose', '.'), code)).toEqual([])
})

test('every test file is run', () => {
  expect(notIn(run('vitest', 'list', '--filesOnly'), tests)).toEqual([])
})

/** The lines that a tool prints name files, some from the root of the disk, some as items of a list. */
function notIn(listed: string, files: readonly string[]): readonly string[] {
  const seen = new Set(listed.split('\n').map((line) => relative('.', resolve(line.replace(/^ *- /, '')))))
  return files.filter((file) => !seen.has(file))
}

function run(tool: string, ...args: readonly string[]): string {
  return execFileSync(resolve('node_modules/.bin', tool), args, { encoding: 'utf8', stdio: 'pipe' })
}
