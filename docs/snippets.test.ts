// The code on every page is one program: it is type-checked, run, and must print what the page says it prints (`// → …`).
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const dir = resolve('docs/.snippets')
const guides = readdirSync('docs').filter((file) => file.endsWith('.md'))
const programs = ['README.md', ...guides.map((file) => `docs/${file}`)].flatMap((page) => {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!)
  return blocks.length > 0 ? [{ page, code: blocks.join('\n'), file: `${dir}/${basename(page, '.md')}.ts` }] : []
})

beforeAll(() => {
  mkdirSync(dir, { recursive: true })
  for (const { file, code } of programs) writeFileSync(file, code)
  writeFileSync(`${dir}/tsconfig.json`, JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'] }))
})

afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('the code in README and guides is type-checked', () => {
  let findings = ''
  try {
    execFileSync(resolve('node_modules/.bin/tsc'), ['-p', dir], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    findings = (error as { stdout: string }).stdout
  }
  expect(findings).toBe('')
})

test.each(programs)('the code of $page runs and prints what it says', ({ file, code }) => {
  const printed = execFileSync(process.execPath, ['--conditions=@indelible/source', file], { encoding: 'utf8' })
  for (const [, expected] of code.matchAll(/\/\/ → (.*)$/gm)) expect(printed).toContain(expected)
})
