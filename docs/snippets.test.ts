// The code on every page is one program: it is type-checked, run, and must print what the page says (`// → …`).
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ourFiles } from '../scripts/our-files.ts'
import { pgliteFlags } from '../scripts/pglite-flags.ts'

const dir = resolve('docs/.snippets')
const pages = ourFiles('**/*.md').map((page) => ({ page, blocks: blocksOf(readFileSync(page, 'utf8')) }))
const programs = pages.flatMap(({ page, blocks }) => {
  const code = blocks.filter(({ language }) => language === 'ts').map(({ text }) => text)
  return code.length > 0 ? [{ page, code: code.join('\n'), file: `${dir}/${page.replaceAll('/', '-')}.ts` }] : []
})

beforeAll(() => {
  mkdirSync(dir, { recursive: true })
  for (const { file, code } of programs) writeFileSync(file, code)
  writeFileSync(`${dir}/tsconfig.json`, JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'] }))
})

afterAll(() => rmSync(dir, { recursive: true, force: true }))

// Code in blocks with other labels (`typescript`, `js`, `ts` and more) would be on a page without a check.
test('code blocks on a page are a program in `ts`, or not our code', () => {
  const others = pages.flatMap(({ page, blocks }) =>
    blocks.filter(({ language }) => !['ts', 'sh', 'json', ''].includes(language)).map((block) => ({ page, ...block })),
  )
  expect(others).toEqual([])
  expect(programs.map(({ page }) => page)).toEqual(expect.arrayContaining(['README.md', 'docs/concepts.md']))
})

test('the code on every page is type-checked', () => {
  let findings = ''
  try {
    execFileSync(resolve('node_modules/.bin/tsc'), ['-p', dir], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    findings = (error as { stdout: string }).stdout
  }
  expect(findings).toBe('')
})

test.each(programs)('the code of $page runs and prints what it says', ({ file, code }) => {
  const printed = execFileSync(process.execPath, ['--conditions=@indelible/source', ...pgliteFlags, file], {
    encoding: 'utf8',
  })
  for (const [, expected] of code.matchAll(/\/\/ → (.*)$/gm)) expect(printed).toContain(expected)
})

/** Blocks between fences, wherever they are and however many marks a fence has. */
function blocksOf(page: string): readonly { language: string; text: string }[] {
  const blocks = page.matchAll(/^[ >]*(`{3,}|~{3,})([^\n]*)\n(.*?)^[ >]*\1 *$/gms)
  return [...blocks].map(([, , language, text]) => ({ language: language!.trim(), text: text! }))
}
